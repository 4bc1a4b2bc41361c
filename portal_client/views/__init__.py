"""What people see of a value: in a notebook, in a terminal, in a file."""

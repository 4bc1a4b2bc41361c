"""What a call costs, beside the floor of its own libraries and its peers: ``python -m bench``."""

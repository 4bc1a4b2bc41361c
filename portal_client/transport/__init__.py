"""The way over the network: pools, connections, framing, and the state and the errors of an attempt."""

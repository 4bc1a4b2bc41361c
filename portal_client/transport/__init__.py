"""The way over the network: pools, connections, framing, and what became of each attempt."""

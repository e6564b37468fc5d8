"""Redis Cluster and Valkey Cluster as a store: nodes, slots, and commands that find their node."""

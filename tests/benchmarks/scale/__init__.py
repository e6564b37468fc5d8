"""Measures what one contest can hold and take, and what more nodes of a cluster add."""

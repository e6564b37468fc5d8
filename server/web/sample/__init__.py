"""Runs a service, a gateway and sample contests that move, for `make run-web`."""

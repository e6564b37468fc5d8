"""Measures the service beside its peers on this machine; `python -m benchmarks --help`."""

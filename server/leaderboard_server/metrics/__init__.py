"""Metrics for operators: what there is, what the parts of the server count with, and its text."""

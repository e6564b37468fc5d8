"""Measures what the rules of a contest cost in the store."""

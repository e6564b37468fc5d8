"""Contests themselves: their settings, and the list of all of them."""

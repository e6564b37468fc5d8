"""Attacks on a server, each in a process of its own, and the good client beside them."""

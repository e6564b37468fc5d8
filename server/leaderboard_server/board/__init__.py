"""Writes and reads boards: batched commits and rank reads, and hot boards from a top window.

Ranks are computed in the store, by `storage/scripts/`; the top window applies the ranks that each
commit carries.
"""

"""Reads and writes contests in Redis or Valkey: connections, keys, scripts and their encoding.

The layers above use the types of `domain` and the typed methods of `store.Store`.
"""

"""How contests are kept in Redis or Valkey: keys, scripts, the notification feed.

The layers above know the vocabulary of `domain` and the typed methods of `store.Store`; nothing of
Redis passes this package.
"""

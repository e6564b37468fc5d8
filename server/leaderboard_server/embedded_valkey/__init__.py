"""Runs a Valkey server in a data folder: the store of a service that is given no other store.

Acknowledged writes are kept, whether the service, the store or both are killed.
"""

from leaderboard_server.embedded_valkey.errors import (
    DataFolderInUse,
    DataFolderUnusable,
    EmbeddedStoreError,
    StoreStartFailed,
)
from leaderboard_server.embedded_valkey.memory import default_max_memory
from leaderboard_server.embedded_valkey.store import EmbeddedStore
from leaderboard_server.embedded_valkey.usage import UsageGauges

__all__ = [
    "DataFolderInUse",
    "DataFolderUnusable",
    "EmbeddedStore",
    "EmbeddedStoreError",
    "StoreStartFailed",
    "UsageGauges",
    "default_max_memory",
]

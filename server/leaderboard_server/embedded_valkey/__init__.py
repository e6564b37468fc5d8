"""Runs a Valkey server in a data folder, as the store of a service that no store is named for.

Acknowledged writes are kept, whether the service, the store or both are killed.
"""

from leaderboard_server.embedded_valkey.errors import (
    DataFolderInUse,
    DataFolderUnusable,
    EmbeddedStoreError,
    StoreStartFailed,
)
from leaderboard_server.embedded_valkey.store import EmbeddedStore

__all__ = [
    "DataFolderInUse",
    "DataFolderUnusable",
    "EmbeddedStore",
    "EmbeddedStoreError",
    "StoreStartFailed",
]

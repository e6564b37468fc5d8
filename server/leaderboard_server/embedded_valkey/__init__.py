"""The store that a service runs for itself when none is named: a Valkey server in a data folder.

What it acknowledged is kept, whoever is killed: the service, the store or both.
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

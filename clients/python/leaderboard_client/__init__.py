"""The Python side of the leaderboard service: what its users call it with.

`LeaderboardClient` and `AsyncLeaderboardClient` are where to begin. Names are loaded when they are
asked for: who needs a part of the package, such as its command, does not load gRPC for it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leaderboard_client.async_client import AsyncLeaderboardClient
    from leaderboard_client.async_score_buffer import AsyncScoreBuffer
    from leaderboard_client.client import LeaderboardClient
    from leaderboard_client.contest_update import ContestUpdate, ScoreChange
    from leaderboard_client.credentials import Tls
    from leaderboard_client.enums import SnapshotReason, UpdateMode, WatchScope
    from leaderboard_client.errors import (
        Cancelled,
        DeadlineExceeded,
        FailedPrecondition,
        FieldViolation,
        InvalidRequest,
        LeaderboardError,
        NotFound,
        OutOfRange,
        Overloaded,
        RequestIdReused,
        Unavailable,
    )
    from leaderboard_client.results import Position, RankedUser, TopUsers, UpdateResult, UserRank
    from leaderboard_client.score_buffer import ScoreBuffer
    from leaderboard_client.score_update import ScoreUpdate
    from leaderboard_client.watch import Watch
    from leaderboard_client.watch_update import WatchState

__all__ = [
    "AsyncLeaderboardClient",
    "AsyncScoreBuffer",
    "Cancelled",
    "ContestUpdate",
    "DeadlineExceeded",
    "FailedPrecondition",
    "FieldViolation",
    "InvalidRequest",
    "LeaderboardClient",
    "LeaderboardError",
    "NotFound",
    "OutOfRange",
    "Overloaded",
    "Position",
    "RankedUser",
    "RequestIdReused",
    "ScoreBuffer",
    "ScoreChange",
    "ScoreUpdate",
    "SnapshotReason",
    "Tls",
    "TopUsers",
    "Unavailable",
    "UpdateMode",
    "UpdateResult",
    "UserRank",
    "Watch",
    "WatchScope",
    "WatchState",
]

_HOMES = {
    "AsyncLeaderboardClient": "async_client",
    "AsyncScoreBuffer": "async_score_buffer",
    "ContestUpdate": "contest_update",
    "LeaderboardClient": "client",
    "Position": "results",
    "RankedUser": "results",
    "ScoreBuffer": "score_buffer",
    "ScoreChange": "contest_update",
    "ScoreUpdate": "score_update",
    "SnapshotReason": "enums",
    "Tls": "credentials",
    "TopUsers": "results",
    "UpdateMode": "enums",
    "UpdateResult": "results",
    "UserRank": "results",
    "Watch": "watch",
    "WatchScope": "enums",
    "WatchState": "watch_update",
}
"""The modules of the names; all others are errors."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        home = import_module(f"{__name__}.{_HOMES.get(name, 'errors')}")
        return globals().setdefault(name, getattr(home, name))

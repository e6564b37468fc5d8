"""Python client of the leaderboard service.

`LeaderboardClient` is for threads, `AsyncLeaderboardClient` for asyncio.
"""

from importlib.metadata import version

from leaderboard_client.async_client import AsyncLeaderboardClient
from leaderboard_client.async_score_buffer import AsyncScoreBuffer
from leaderboard_client.channels import Tls
from leaderboard_client.client import LeaderboardClient
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
from leaderboard_client.watch_update import (
    MissedChangesError,
    ScoreChange,
    StreamLostError,
    WatchState,
    WatchUpdate,
)

__version__ = version("leaderboard-client")

__all__ = [
    "AsyncLeaderboardClient",
    "AsyncScoreBuffer",
    "Cancelled",
    "DeadlineExceeded",
    "FailedPrecondition",
    "FieldViolation",
    "InvalidRequest",
    "LeaderboardClient",
    "LeaderboardError",
    "MissedChangesError",
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
    "StreamLostError",
    "Tls",
    "TopUsers",
    "Unavailable",
    "UpdateMode",
    "UpdateResult",
    "UserRank",
    "Watch",
    "WatchScope",
    "WatchState",
    "WatchUpdate",
    "__version__",
]

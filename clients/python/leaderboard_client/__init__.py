"""Python client of the leaderboard service.

`LeaderboardClient` is for threads, `AsyncLeaderboardClient` for asyncio.
"""

from importlib.metadata import version

from leaderboard_client.async_client import AsyncLeaderboardClient
from leaderboard_client.async_score_buffer import AsyncScoreBuffer
from leaderboard_client.channels import Tls
from leaderboard_client.client import LeaderboardClient
from leaderboard_client.contest import KEEP, Contest, ContestRules, RuleChanges
from leaderboard_client.enums import (
    ContestState,
    Order,
    RankStyle,
    SnapshotReason,
    TieBreak,
    UpdateMode,
    WatchScope,
)
from leaderboard_client.errors import (
    AlreadyExists,
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
from leaderboard_client.moderation import ErasedPart, HiddenUser, UsersChanged
from leaderboard_client.results import (
    Position,
    RankedUser,
    ScoreRank,
    TopUsers,
    UpdateResult,
    UserRank,
    UserRanks,
)
from leaderboard_client.score_buffer import ScoreBuffer
from leaderboard_client.score_update import ScoreUpdate
from leaderboard_client.seasons import ResetSchedule, Season
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
    "KEEP",
    "AlreadyExists",
    "AsyncLeaderboardClient",
    "AsyncScoreBuffer",
    "Cancelled",
    "Contest",
    "ContestRules",
    "ContestState",
    "DeadlineExceeded",
    "ErasedPart",
    "FailedPrecondition",
    "FieldViolation",
    "HiddenUser",
    "InvalidRequest",
    "LeaderboardClient",
    "LeaderboardError",
    "MissedChangesError",
    "NotFound",
    "Order",
    "OutOfRange",
    "Overloaded",
    "Position",
    "RankStyle",
    "RankedUser",
    "RequestIdReused",
    "ResetSchedule",
    "RuleChanges",
    "ScoreBuffer",
    "ScoreChange",
    "ScoreRank",
    "ScoreUpdate",
    "Season",
    "SnapshotReason",
    "StreamLostError",
    "TieBreak",
    "Tls",
    "TopUsers",
    "Unavailable",
    "UpdateMode",
    "UpdateResult",
    "UserRank",
    "UserRanks",
    "UsersChanged",
    "Watch",
    "WatchScope",
    "WatchState",
    "WatchUpdate",
    "__version__",
]

"""What a watcher asks for and what it is told."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import ScoreChange
from leaderboard_server.domain.position import Position


class WatchScope(StrEnum):
    """What a watcher is told of a contest."""

    TOP = "top"
    ALL = "all"
    USERS = "users"


class WatchRequest(NamedTuple):
    """What a watcher asks for, with every field checked."""

    contest_id: str
    limit: int = 10
    scope: WatchScope = WatchScope.TOP
    user_ids: frozenset[str] = frozenset()
    resume_after: Position | None = None
    min_interval_s: float = 0.0


class SnapshotReason(StrEnum):
    """Why the state is told as a whole."""

    INITIAL = "initial"
    HISTORY_TRIMMED = "history_trimmed"
    NEW_EPOCH = "new_epoch"
    LAGGED = "lagged"
    AHEAD = "ahead"


class EndReason(StrEnum):
    """Why a stream ends."""

    DRAINING = "draining"


class Snapshot(NamedTuple):
    """The state of a contest, in place of all that the watcher knew."""

    users: tuple[RankedUser, ...]
    total_users: int
    reason: SnapshotReason


class Changes(NamedTuple):
    """What changed since the previous message, in order; one change or more."""

    changes: tuple[ScoreChange, ...]


class Progress(NamedTuple):
    """Nothing new for this watcher."""


class End(NamedTuple):
    """The last message."""

    reason: EndReason


@dataclass(slots=True, eq=False)
class WatchMessage:
    """One message of a watch; the same object goes to all watchers who are told the same."""

    position: Position
    previous_revision: int
    event: Snapshot | Changes | Progress | End
    encoded: bytes | None = None
    """The message as it is sent; whoever encodes it first leaves it here for the others."""

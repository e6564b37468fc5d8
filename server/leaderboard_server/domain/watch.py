"""Watch requests, and the messages of a watch."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import ScoreChange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import Rules


class WatchScope(StrEnum):
    """The part of a contest that a watcher follows."""

    TOP = "top"
    ALL = "all"
    USERS = "users"


class WatchRequest(NamedTuple):
    """A checked request to watch a contest."""

    contest_id: str
    limit: int = 10
    scope: WatchScope = WatchScope.TOP
    user_ids: frozenset[str] = frozenset()
    resume_after: Position | None = None
    min_interval_s: float = 0.0


class SnapshotReason(StrEnum):
    """The reason for a snapshot."""

    INITIAL = "initial"
    HISTORY_TRIMMED = "history_trimmed"
    NEW_EPOCH = "new_epoch"
    LAGGED = "lagged"
    AHEAD = "ahead"
    CONTEST_UPDATED = "contest_updated"
    NEW_SEASON = "new_season"


def reason_of_new_epoch(before: Position, after: Position) -> SnapshotReason:
    """Return the reason for a snapshot in another epoch than before."""
    if after.season > before.season > 0:
        return SnapshotReason.NEW_SEASON
    return SnapshotReason.NEW_EPOCH


class EndReason(StrEnum):
    """The reason for the end of a watch."""

    DRAINING = "draining"
    CONTEST_OVER = "contest_over"
    CONTEST_DELETED = "contest_deleted"


class Snapshot(NamedTuple):
    """The state of a contest; it replaces all that the watcher knew."""

    users: tuple[RankedUser, ...]
    total_users: int
    reason: SnapshotReason
    rules: Rules


class Changes(NamedTuple):
    """One or more changes since the previous message, in order."""

    changes: tuple[ScoreChange, ...]
    total_users: int
    """The number of users in the contest after them."""


class Progress(NamedTuple):
    """No change for this watcher up to the position of the message."""


class End(NamedTuple):
    """The last message of a watch."""

    reason: EndReason


@dataclass(slots=True, eq=False, weakref_slot=True)
class WatchMessage:
    """One message of a watch; watchers that get the same message share one object."""

    position: Position
    previous_revision: int
    event: Snapshot | Changes | Progress | End

"""What the `watch` of a client yields: whole boards and their changes, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from leaderboard_client.enums import SnapshotReason
from leaderboard_client.errors import error_of
from leaderboard_client.results import Position, RankedUser
from leaderboard_client.rpc_status import RefusedError

if TYPE_CHECKING:
    from leaderboard.v1 import leaderboard_pb2 as pb
    from leaderboard_client.watch_update import WatchState, WatchUpdate


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChange:
    """A change of one user's row."""

    user: RankedUser
    """The user after the change."""

    previous_rank: int
    """The rank before the change; 0 for a new user, and for one who was not on the board."""

    points: int
    """By how much the score changed; 0 where only the name or the place did."""

    event_type: str
    """What happened, such as `goal`; empty if it was not said."""

    event_time: datetime | None
    """When it happened, in UTC to the microsecond; None if it was not said."""

    @classmethod
    def read(cls, change: pb.ScoreChange) -> Self:
        """Read the message of the contract."""
        told = change.HasField("event_time")
        return cls(
            user=RankedUser.read(change.user),
            previous_rank=change.previous_rank,
            points=change.points,
            event_type=change.event_type,
            event_time=change.event_time.ToDatetime(tzinfo=UTC) if told else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestUpdate:
    """The state of a watch. Every update stands on its own; none has to be applied to another."""

    state: WatchState
    """How the watch stands."""

    rows: tuple[RankedUser, ...]
    """The board as the store had it at `position`, best first, whatever the state. With the scope
    ALL it holds as many of the first ranks as are known for certain; with USERS the watched users,
    each with the rank as of the user's own last change."""

    total_users: int | None
    """How many users the contest has; None where that is not known for certain."""

    position: Position | None
    """The position of the board; None while there is none."""

    changes: tuple[ScoreChange, ...]
    """What is new since the update before, in order; empty with a snapshot."""

    snapshot_reason: SnapshotReason | None
    """Why the board was told as a whole; None where it was not."""

    message: pb.WatchContestResponse | None
    """The message of the service that led here; None where only the state is another one."""

    trouble: Exception | None
    """Why there is no stream, while connecting or reconnecting, its text for people: a
    LeaderboardError where the service, or gRPC, refused it. None where nothing went wrong."""

    @classmethod
    def read(cls, update: WatchUpdate) -> Self:
        """Make plain values of an update."""
        trouble, reason = update.trouble, update.snapshot_reason
        return cls(
            state=update.state,
            rows=update.rows,
            total_users=update.total_users,
            position=None if update.position is None else Position.read(update.position),
            changes=tuple(map(ScoreChange.read, update.changes)),
            snapshot_reason=None if reason is None else SnapshotReason(reason),
            message=update.message,
            trouble=error_of(trouble.refusal) if isinstance(trouble, RefusedError) else trouble,
        )

"""Updates of a watch: the whole board, the changes that led to it, and the state of the watch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Self

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.decoding import time_of
from leaderboard_client.enums import SnapshotReason
from leaderboard_client.results import Position, RankedUser


class WatchState(Enum):
    """The state of a watch."""

    CONNECTING = "connecting"
    """No message has arrived yet; there is no board."""

    LIVE = "live"
    """The board follows the contest."""

    RECONNECTING = "reconnecting"
    """The stream was lost, and no message of the next one has arrived: the board may be behind."""

    OVER = "over"
    """The contest is over, and the watch has ended; this is the final board."""

    DELETED = "deleted"
    """The contest was deleted or has expired, and the watch has ended; this is the last board."""


class StreamLostError(Exception):
    """A stream of a watch fell silent, or ended before the contest did."""


class MissedChangesError(Exception):
    """A message does not continue from the position of the board; a snapshot is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreChange:
    """A change of one user's row."""

    user: RankedUser
    """The user after the change. If its row was removed, it has nothing but the id."""

    previous_rank: int
    """The rank before the change; 0 for a new user, and for one who was not on the board."""

    previous_place: int
    """The place before the change; 0 where `previous_rank` is 0."""

    points: int
    """The difference of the scores; 0 if only the name, the attributes or the rank changed, and for
    a row that was removed or returns to the board."""

    event_type: str
    """What happened, such as `goal`; empty if unknown."""

    event_time: datetime | None
    """When it happened, in UTC to the microsecond; None if unknown."""

    removed: bool = False
    """Whether the row left the board: the user was removed, hidden or erased."""

    message: pb.ScoreChange = field(default_factory=pb.ScoreChange, repr=False, compare=False)
    """The message of the service; its `event_time` is exact to the nanosecond."""

    @classmethod
    def decode(cls, message: pb.ScoreChange) -> Self:
        """Decode the message of the contract."""
        return cls(
            user=RankedUser.decode(message.user),
            previous_rank=message.previous_rank,
            previous_place=message.previous_place,
            points=message.points,
            event_type=message.event_type,
            event_time=time_of(message, "event_time"),
            removed=message.removed,
            message=message,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchUpdate:
    """The state of a watch. Each update is complete; none has to be applied to another."""

    state: WatchState
    """The state of the watch."""

    since: float
    """When that state began, in seconds of `time.monotonic`."""

    rows: tuple[RankedUser, ...] = ()
    """The board as the store had it at `position`, best first, in every state. With the scope ALL
    these are as many of the first rows as are known for certain; with USERS the watched users,
    each with the place and the rank as of the user's own last change, in the order of their scores,
    then of these places, and of equal ones the last change first."""

    total_users: int | None = None
    """The number of users of the season; None if it is not known for certain."""

    position: Position | None = None
    """The position of the board; None while there is none."""

    season: int | None = None
    """The number of the season, from 1; 0 for a contest that does not exist, None while there is no
    board. A new one begins with an empty board, and the snapshot reason NEW_SEASON."""

    changes: tuple[ScoreChange, ...] = ()
    """The changes since the update before, in order; empty with a snapshot."""

    moved: Mapping[str, int] = field(default_factory=dict, hash=False)
    """The users whose rank on the board differs from the update before, with that earlier rank, or
    0 if they were not on it. Empty with a snapshot."""

    snapshot_reason: SnapshotReason | None = None
    """Why the service sent the whole board; None if it did not."""

    message: pb.WatchContestResponse | None = field(default=None, hash=False)
    """The message of the service that led to this update; None if only the state changed."""

    trouble: Exception | None = None
    """Why there is no stream, while connecting or reconnecting; its text is for people. A
    LeaderboardError if the call failed, else a StreamLostError or a MissedChangesError. None if
    nothing went wrong."""

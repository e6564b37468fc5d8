"""What a watch yields: a whole board, what led to it, and how the watch stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leaderboard.v1 import leaderboard_pb2 as pb
    from leaderboard_client.live_board import Row


class WatchState(Enum):
    """How a watch stands."""

    CONNECTING = "connecting"
    """Nothing was told yet; there is no board."""

    LIVE = "live"
    """The board is followed as it changes."""

    RECONNECTING = "reconnecting"
    """The stream was lost, and the next one has not told anything yet: the board may be behind."""

    OVER = "over"
    """The contest is over; this is its last board."""


class StreamLostError(Exception):
    """A stream of a watch fell silent, or ended before the contest did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchUpdate:
    """The state of a watch. Every update stands on its own; none has to be applied to another."""

    state: WatchState
    """How the watch stands."""

    since: float
    """When that state began, on the clock of the watch."""

    rows: tuple[Row, ...] = ()
    """The board, best first; see `LiveBoard` for what it holds with each scope. It is as the store
    had it at `position`, whatever the state."""

    total_users: int | None = None
    """How many users the contest has; None where that is not known for certain."""

    position: pb.Position | None = None
    """The position of the board; None while there is none."""

    message: pb.WatchContestResponse | None = None
    """The message that led here; None where only the state of the watch is another one."""

    changes: tuple[pb.ScoreChange, ...] = ()
    """What the message told of, in order, without rows that the board held just so before."""

    moved: Mapping[str, int] = field(default_factory=dict)
    """The users whose rank on the board is another one than in the update before, with that earlier
    rank, or 0 if they were not on it. Empty with a snapshot."""

    trouble: Exception | None = None
    """Why there is no stream, while connecting or reconnecting; None where nothing went wrong. A
    RefusedError, a StreamLostError or a MissedChangesError, its text for people."""

    @property
    def snapshot_reason(self) -> pb.SnapshotReason | None:
        """Why the board was told as a whole; None where it was not."""
        if self.message is None or not self.message.HasField("snapshot"):
            return None
        return self.message.snapshot.reason

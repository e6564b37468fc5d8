"""How a watched contest is shown: as a live table, or as a line for each change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.cli.board_table import board_table
from leaderboard_client.cli.output import named, safe

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from leaderboard_client.live_board import LiveBoard

_MARKED_SECONDS = 5.0
_REPAINT_SECONDS = 0.1

_REASONS = {
    pb.SNAPSHOT_REASON_HISTORY_TRIMMED: "shown anew: the history no longer holds what was missed",
    pb.SNAPSHOT_REASON_NEW_EPOCH: "shown anew: the contest has another history",
    pb.SNAPSHOT_REASON_LAGGED: "shown anew: this watcher fell too far behind",
    pb.SNAPSHOT_REASON_AHEAD: "shown anew: the server knew less than this watcher",
}


class ChangeLines:
    """Prints each snapshot as a table and each change as a line."""

    def __init__(self, board: LiveBoard, request: pb.WatchContestRequest, console: Console) -> None:
        self._board = board
        self._contest = request.contest_id
        self._console = console

    def show(self, message: pb.WatchContestResponse) -> None:
        """Apply a message to the board and print what it tells."""
        self._board.apply(message)
        if message.HasField("snapshot"):
            reason = _REASONS.get(message.snapshot.reason)
            self._console.print(f"{self._contest}, {reason}" if reason else self._contest)
            self._console.print(board_table(self._board.rows))
        for change in message.changes.changes:
            self._console.print(Text(_line(change)), soft_wrap=True)


@dataclass(slots=True)
class _Mark:
    points: int
    from_rank: int
    until: float


class LiveTable:
    """Keeps the board on the screen and marks what changed in the last seconds.

    It is a context manager, to be used within a running event loop: entering it takes over the
    lower part of the screen, leaving it gives that back with the last state on it.
    """

    def __init__(self, board: LiveBoard, request: pb.WatchContestRequest, console: Console) -> None:
        self._board = board
        self._contest = request.contest_id
        self._notice = ""
        self._marks: dict[str, _Mark] = {}
        self._live = Live(console=console, auto_refresh=False)
        self._loop = asyncio.get_running_loop()
        self._repainting: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._repainting:
            self._repainting.cancel()
            self._live.update(self._picture())
        self._live.stop()

    def show(self, message: pb.WatchContestResponse) -> None:
        """Apply a message to the board; the screen follows within a tenth of a second."""
        self._board.apply(message)
        if message.HasField("snapshot"):
            self._marks.clear()
            self._notice = _REASONS.get(message.snapshot.reason, "")
        for change in message.changes.changes:
            self._mark(change)
        soon = self._loop.time() + _REPAINT_SECONDS
        if self._repainting and self._repainting.when() > soon:
            self._repainting.cancel()
            self._repainting = None
        if not self._repainting:
            self._repainting = self._loop.call_at(soon, self._repaint)

    def _mark(self, change: pb.ScoreChange) -> None:
        until = self._loop.time() + _MARKED_SECONDS
        mark = self._marks.get(change.user.user_id)
        if mark:
            mark.points += change.points
            mark.until = until
        else:
            self._marks[change.user.user_id] = _Mark(change.points, change.previous_rank, until)

    def _repaint(self) -> None:
        now = self._loop.time()
        self._marks = {user: mark for user, mark in self._marks.items() if mark.until > now}
        self._live.update(self._picture(), refresh=True)
        self._repainting = self._loop.call_later(1.0, self._repaint) if self._marks else None

    def _picture(self) -> Group:
        rows = self._board.rows
        marks = {
            row.user_id: _moved(mark.points, mark.from_rank, row.rank)
            for row in rows
            if (mark := self._marks.get(row.user_id))
        }
        position = self._board.position
        revision = position.revision if position else 0
        below = ", ".join(filter(None, (f"revision {revision:,}", self._notice)))
        return Group(self._contest, board_table(rows, marks=marks), below)


def _line(change: pb.ScoreChange) -> str:
    user = change.user
    parts = [
        change.event_time.ToJsonString() if change.HasField("event_time") else "",
        f"{user.rank:,}.",
        named(user),
        f"{user.score:,}",
        f"({_moved(change.points, change.previous_rank, user.rank)})",
        safe(change.event_type),
    ]
    return "  ".join(filter(None, parts))


def _moved(points: int, from_rank: int, rank: int) -> str:
    parts = [f"{points:+,}"] if points else []
    if not from_rank:
        parts.append("new" if points else "in")
    elif from_rank != rank:
        parts.append(f"▲{from_rank - rank:,}" if rank < from_rank else f"▼{rank - from_rank:,}")
    return " ".join(parts) or "="

"""A watched contest as a table that changes in place."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from leaderboard_client.cli.board_table import board_table
from leaderboard_client.cli.output import safe
from leaderboard_client.cli.watching.words import change_told, moved_told, shown_anew
from leaderboard_client.watch_update import WatchState

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from leaderboard_client.cli.watching.words import TroubleTeller
    from leaderboard_client.watch_update import WatchUpdate

_MARKED_SECONDS = 5.0
_REPAINT_SECONDS = 0.1
_COUNT_SECONDS = 1.0


@dataclass(slots=True)
class _Mark:
    """How a row changed within the last seconds."""

    from_rank: int
    until: float
    points: int = 0
    own: bool = False
    """The user's own row changed; others may only have made way."""


class LiveTable:
    """Keeps the board on the screen, marks what changed in the last seconds, says how it stands.

    It is a context manager, to be used within a running event loop, whose clock is that of the
    watch: entering it takes over the lower part of the screen, leaving it gives that back with the
    last state on it.
    """

    def __init__(self, contest: str, tell: TroubleTeller, console: Console) -> None:
        """Prepare to show a watch.

        Args:
            contest: What is watched.

            tell: Says why there is no stream.

            console: The terminal.
        """
        self._contest = safe(contest)
        self._tell = tell
        self._update: WatchUpdate | None = None
        self._notice = ""
        self._last_change = ""
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

    def show(self, update: WatchUpdate) -> None:
        """Take an update; the screen follows within a tenth of a second."""
        self._update = update
        if update.snapshot_reason is not None:
            self._marks.clear()
            self._notice = shown_anew(update)
        self._mark(update)
        soon = self._loop.time() + _REPAINT_SECONDS
        if self._repainting and self._repainting.when() > soon:
            self._repainting.cancel()
            self._repainting = None
        if not self._repainting:
            self._repainting = self._loop.call_at(soon, self._repaint)

    def _mark(self, update: WatchUpdate) -> None:
        until = self._loop.time() + _MARKED_SECONDS
        ranks = {row.user_id: row.rank for row in update.rows}
        for change in update.changes:
            user_id = change.user.user_id
            self._last_change = change_told(change)
            if user_id in ranks:
                # Where the row stood on the board goes before its rank in between.
                stood = update.moved.get(user_id, ranks[user_id]) or change.previous_rank
                mark = self._marks.setdefault(user_id, _Mark(stood, until))
                mark.points += change.points
                mark.until = until
                mark.own = True
        for user_id, stood in update.moved.items():
            self._marks.setdefault(user_id, _Mark(stood, until)).until = until

    def _repaint(self) -> None:
        now = self._loop.time()
        self._marks = {user: mark for user, mark in self._marks.items() if mark.until > now}
        self._live.update(self._picture(), refresh=True)
        counts = self._update is not None and self._update.state is not WatchState.LIVE
        again = bool(self._marks) or counts
        self._repainting = self._loop.call_later(_COUNT_SECONDS, self._repaint) if again else None

    def _picture(self) -> Group:
        update = self._update
        if not update:
            return Group()
        marks = {
            row.user_id: moved_told(mark.points, mark.from_rank, row.rank)
            for row in update.rows
            if (mark := self._marks.get(row.user_id))
        }
        own = {user_id for user_id, mark in self._marks.items() if mark.own}
        parts: list[Text] = []
        if self._last_change:
            parts.append(Text(f"last: {self._last_change}"))
        if self._notice:
            parts.append(Text(self._notice, style="yellow"))
        table = board_table(update.rows, marks=marks, standing_out=own)
        return Group(self._title(update), table, *parts)

    def _title(self, update: WatchUpdate) -> Text:
        parts = [self._contest]
        if update.position:
            parts.append(f"revision {update.position.revision:,}")
        if update.total_users is not None:
            parts.append(f"{update.total_users:,} user{'' if update.total_users == 1 else 's'}")
        title = Text(", ".join(parts))
        away = f"{self._loop.time() - update.since:.0f} s"
        why = safe(f": {self._tell(update.trouble)}") if update.trouble else ""
        match update.state:
            case WatchState.CONNECTING:
                title.append(f"\nconnecting for {away}{why}", style="yellow")
            case WatchState.RECONNECTING:
                behind = f"reconnecting for {away}, the board may be behind{why}"
                title.append(f"\n{behind}", style="yellow")
            case WatchState.LIVE:
                title.append(", live", style="green")
            case WatchState.OVER:
                title.append(", over")
        return title

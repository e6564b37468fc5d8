"""The picture of a watched contest: how it stands, its updates by the second, and its board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.layout import Layout
from rich.text import Text

from leaderboard_client.cli.board_table import board_table
from leaderboard_client.cli.output import safe
from leaderboard_client.cli.watching.marks import Marks
from leaderboard_client.cli.watching.pulse import Pulse
from leaderboard_client.cli.watching.words import change_told, shown_anew
from leaderboard_client.watch_update import WatchState

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType
    from rich.table import Table

    from leaderboard_client.cli.watching.words import TroubleTeller
    from leaderboard_client.watch_update import WatchUpdate

_HEAD_LINES = 3
_FOOT_LINES = 2
_TABLE_LINES = 3
"""The lines of a table that are no rows."""

_KEYS = "q quit   c contest   ↑ ↓ scroll"


class BoardPicture:
    """Takes the updates of one watch, and makes a picture of them when asked."""

    def __init__(self, contest: str, tell: TroubleTeller, clock: Callable[[], float]) -> None:
        """Begin with a contest of which nothing is known.

        Args:
            contest: What is watched.

            tell: Says why there is no stream.

            clock: That of the watch.
        """
        self._contest = safe(contest)
        self._tell = tell
        self._clock = clock
        self._marks = Marks(clock)
        self._pulse = Pulse(clock)
        self._update: WatchUpdate | None = None
        self._notice = ""
        self._last_change = ""
        self._first_row = 0
        self._room = 1

    @property
    def contest(self) -> str:
        """What is watched."""
        return self._contest

    def table(self) -> Table:
        """Return the whole board as it stands, without marks."""
        return board_table(self._update.rows if self._update else ())

    def show(self, update: WatchUpdate) -> None:
        """Take an update."""
        self._update = update
        self._marks.take(update)
        self._pulse.take(update)
        if update.snapshot_reason is not None:
            self._notice = shown_anew(update)
        for change in update.changes:
            self._last_change = change_told(change)

    def scroll(self, rows: int) -> None:
        """Move the part of the board that is seen down by some rows, up by a negative number."""
        self._first_row += rows

    @property
    def page(self) -> int:
        """How many rows were seen in the last picture."""
        return self._room

    def picture(self, width: int, height: int, foot: Text | None = None) -> Layout:
        """Return the picture for a screen.

        Args:
            width: The columns of the screen.

            height: Its lines.

            foot: The last line, if it is not to say what the keys are.
        """
        self._marks.forget_old()
        self._room = max(height - _HEAD_LINES - _FOOT_LINES - _TABLE_LINES, 1)
        whole = Layout()
        whole.split_column(
            Layout(self._head(width), size=_HEAD_LINES),
            Layout(self._board()),
            Layout(self._foot(foot), size=_FOOT_LINES),
        )
        return whole

    def _board(self) -> RenderableType:
        rows = self._update.rows if self._update else ()
        self._first_row = max(min(self._first_row, len(rows) - self._room), 0)
        seen = rows[self._first_row : self._first_row + self._room]
        if not seen:
            return Text()
        marks = {row.user_id: self._marks.of(row) for row in seen}
        return board_table(seen, marks=marks, standing_out=self._marks.own)

    def _foot(self, foot: Text | None) -> Text:
        news = [f"last: {self._last_change}"] if self._last_change else []
        news += [self._notice] if self._notice else []
        line = Text("   ".join(news), no_wrap=True, overflow="ellipsis")
        return line.append("\n").append_text(foot or Text(_KEYS, style="dim"))

    def _head(self, width: int) -> Text:
        head = Text(no_wrap=True, overflow="ellipsis")
        update = self._update
        head.append_text(self._title(update) if update else Text(self._contest))
        head.append("\n")
        if update and update.state in {WatchState.CONNECTING, WatchState.RECONNECTING}:
            head.append(self._trouble(update), style="yellow")
        rate = f"{self._pulse.rate:,.1f} updates/s "
        head.append(f"\n{rate}", style="dim")
        return head.append(self._pulse.bars(width - len(rate) - 1), style="cyan")

    def _title(self, update: WatchUpdate) -> Text:
        parts = [self._contest]
        if update.position:
            parts.append(f"revision {update.position.revision:,}")
        if update.total_users is not None:
            parts.append(f"{update.total_users:,} user{'' if update.total_users == 1 else 's'}")
        title = Text(", ".join(parts), style="bold")
        match update.state:
            case WatchState.LIVE:
                title.append(", live", style="green")
            case WatchState.OVER:
                title.append(", over")
        return title

    def _trouble(self, update: WatchUpdate) -> str:
        away = f"{self._clock() - update.since:.0f} s"
        why = safe(f": {self._tell(update.trouble)}") if update.trouble else ""
        if update.state is WatchState.CONNECTING:
            return f"connecting for {away}{why}"
        return f"reconnecting for {away}, the board may be behind{why}"

"""Renders a watched contest for a screen: its state, a sparkline of its updates, and its board."""

import math
from collections import deque
from collections.abc import Callable, Sequence

from rich.console import Group
from rich.layout import Layout
from rich.table import Table
from rich.text import Text

from leaderboard_cli.output import counted, safe
from leaderboard_cli.tables import board_table
from leaderboard_cli.watch.formatting import Highlights, format_change, format_reset, format_season
from leaderboard_client import SnapshotReason, WatchState, WatchUpdate

SPARKLINE_S = 60
"""The seconds that the sparkline shows."""

_AWAY = {WatchState.CONNECTING, WatchState.RECONNECTING}
"""The states in which the board may be behind."""

_BARS = "▁▂▃▄▅▆▇█"
_RATE_SECONDS = 5

_HEADING_LINES = 3
"""The lines of a table besides its rows."""

_FEW_LINES = 12
"""On a screen with fewer lines everything that can be left out makes room for rows."""


class Sparkline:
    """Counts the updates of a contest per second, and shows them as a line of small bars.

    All updates count, also those that change nothing on the board, because the messages say how
    many revisions they stand for. The updates of a message are spread over the time since the
    message before it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._newest = math.floor(clock())
        self._counts = deque([0.0] * SPARKLINE_S, maxlen=SPARKLINE_S)
        self._last_message_at = clock()

    def add(self, update: WatchUpdate) -> None:
        """Count the updates that a message stands for; one without a message counts nothing."""
        message = update.message
        if message is None:
            return
        self._advance()
        since, self._last_message_at = self._last_message_at, self._clock()
        revisions = message.position.revision - message.previous_revision
        if message.HasField("snapshot") or revisions <= 0:
            return
        seconds = min(max(self._newest - math.floor(since), 0), SPARKLINE_S - 1) + 1
        for back in range(1, seconds + 1):
            self._counts[-back] += revisions / seconds

    @property
    def rate(self) -> float:
        """The updates per second, on average over the last seconds."""
        self._advance()
        return sum(list(self._counts)[-_RATE_SECONDS:]) / _RATE_SECONDS

    def bars(self, width: int) -> str:
        """Return a bar for each second, the newest on the right.

        Args:
            width: The most bars.
        """
        self._advance()
        shown = list(self._counts)[-max(min(width, SPARKLINE_S), 1) :]
        most = max(shown)
        if not most:
            return _BARS[0] * len(shown)
        return "".join(_BARS[math.ceil(count / most * (len(_BARS) - 1))] for count in shown)

    def _advance(self) -> None:
        now = math.floor(self._clock())
        self._counts.extend([0.0] * min(now - self._newest, SPARKLINE_S))
        self._newest = now


class BoardView:
    """Takes the updates of one watch, and renders the latest state."""

    def __init__(
        self, contest: str, failure_text: Callable[[Exception], str], clock: Callable[[], float]
    ) -> None:
        """Begin with a contest of which nothing is known.

        Args:
            contest: The watched contest.

            failure_text: Returns why a stream failed.

            clock: The clock of the watch.
        """
        self._contest = safe(contest)
        self._failure_text = failure_text
        self._clock = clock
        self._highlights = Highlights(clock)
        self._sparkline = Sparkline(clock)
        self._update: WatchUpdate | None = None
        self._notice = ""
        self._last_change = ""
        self._first_row = 0
        self._visible_rows = 1

    @property
    def contest(self) -> str:
        """The watched contest."""
        return self._contest

    @property
    def state(self) -> WatchState:
        """The state of the watch."""
        return self._update.state if self._update else WatchState.CONNECTING

    def table(self, width: int) -> Table:
        """Return the whole current board for a screen of some columns, without highlights."""
        return board_table(self._update.rows if self._update else (), width=width)

    def show(self, update: WatchUpdate) -> None:
        """Take an update."""
        self._update = update
        self._highlights.add(update)
        self._sparkline.add(update)
        if update.snapshot_reason is not None:
            self._notice = format_reset(update)
        if update.snapshot_reason is SnapshotReason.NEW_SEASON:
            self._last_change = ""
        for change in update.changes:
            self._last_change = format_change(change)

    def scroll(self, rows: int) -> None:
        """Scroll down by some rows, up by a negative number."""
        self._first_row += rows

    @property
    def page(self) -> int:
        """How many rows were visible when the board was last rendered."""
        return self._visible_rows

    @property
    def has_begun(self) -> bool:
        """Whether a board arrived, which proves that the server is a leaderboard server."""
        return self._update is not None and self._update.position is not None

    def render(self, width: int, height: int, foot: Text) -> Layout:
        """Return the content of a screen.

        Args:
            width: The columns of the screen.

            height: Its lines.

            foot: The last line.
        """
        self._highlights.expire()
        title, trouble = self._title(), self._trouble()
        few = height < _FEW_LINES
        head = [trouble if trouble.plain else title] if few else [title, trouble, self._rate(width)]
        feet = [foot] if few else [self._news(), foot]
        used = len(head) + len(feet) + (0 if few else _HEADING_LINES)
        self._visible_rows = max(height - used, 1)
        whole = Layout()
        whole.split_column(
            Layout(_lines(head), size=len(head)),
            Layout(self._board(width, heading=not few)),
            Layout(_lines(feet), size=len(feet)),
        )
        return whole

    def _board(self, width: int, *, heading: bool) -> Group:
        rows = self._update.rows if self._update else ()
        self._first_row = max(min(self._first_row, len(rows) - self._visible_rows), 0)
        seen = rows[self._first_row : self._first_row + self._visible_rows]
        if not seen:
            return Group(*([Text("no scores yet", style="dim")] if self.has_begun else []))
        notes = {row.user_id: self._highlights.text(row) for row in seen}
        bold = self._highlights.changed
        return Group(
            board_table(seen, width=width, notes=notes, bold=bold, on_screen=True, heading=heading)
        )

    def _news(self) -> Text:
        last = f"last: {self._last_change}" if self._last_change else ""
        return Text("   ".join(filter(None, [last, self._notice])))

    def _rate(self, width: int) -> Text:
        rate = f"{self._sparkline.rate:,.1f} updates/s "
        return Text.assemble((rate, "dim"), (self._sparkline.bars(width - len(rate) - 1), "cyan"))

    def _title(self) -> Text:
        update = self._update
        if update is None:
            return Text(self._contest)
        parts = [self._contest]
        if season := format_season(update):
            parts.append(season)
        if update.position:
            parts.append(f"revision {update.position.revision:,}")
        if update.total_users is not None:
            parts.append(counted(update.total_users, "user"))
        title = Text(", ".join(parts), style="bold")
        match update.state:
            case WatchState.LIVE:
                title.append(", live", style="green")
            case WatchState.OVER:
                title.append(", over")
            case WatchState.DELETED:
                title.append(", deleted")
        return title

    def _trouble(self) -> Text:
        update = self._update
        if update is None or update.state not in _AWAY:
            return Text()
        away = f"{self._clock() - update.since:.0f} s"
        why = safe(f": {self._failure_text(update.trouble)}") if update.trouble else ""
        if update.state is WatchState.CONNECTING:
            return Text(f"connecting for {away}{why}", style="yellow")
        return Text(f"reconnecting for {away}, the board may be behind{why}", style="yellow")


def _lines(texts: Sequence[Text]) -> Group:
    """Return a group with each text on one line, cut short where it is too long."""
    for text in texts:
        text.no_wrap, text.overflow = True, "ellipsis"
    return Group(*texts)

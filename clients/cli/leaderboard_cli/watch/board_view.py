"""The picture of a watched contest: how it stands, its updates by the second, and its board."""

from collections.abc import Callable, Sequence

from rich.console import Group
from rich.layout import Layout
from rich.table import Table
from rich.text import Text

from leaderboard_cli.board_table import board_table
from leaderboard_cli.output import safe
from leaderboard_cli.watch.formatting import TroubleTeller, format_change, reset_text
from leaderboard_cli.watch.highlights import Highlights
from leaderboard_cli.watch.sparkline import Sparkline
from leaderboard_client.watch_update import WatchState, WatchUpdate

_HEADING_LINES = 3
"""The lines of a table that are no rows."""

_FEW_LINES = 12
"""On fewer the rows get the lines of what can be missed."""


class BoardView:
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
        self._highlights = Highlights(clock)
        self._sparkline = Sparkline(clock)
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
        self._highlights.take(update)
        self._sparkline.take(update)
        if update.snapshot_reason is not None:
            self._notice = reset_text(update)
        for change in update.changes:
            self._last_change = format_change(change)

    def scroll(self, rows: int) -> None:
        """Move the part of the board that is seen down by some rows, up by a negative number."""
        self._first_row += rows

    @property
    def page(self) -> int:
        """How many rows were seen in the last picture."""
        return self._room

    @property
    def has_begun(self) -> bool:
        """Tell that the contest was seen, so that its server is no wrong one."""
        return self._update is not None and self._update.position is not None

    def picture(self, width: int, height: int, foot: Text) -> Layout:
        """Return the picture for a screen.

        Args:
            width: The columns of the screen.

            height: Its lines.

            foot: The last line.
        """
        self._highlights.forget_old()
        title, trouble = self._title(), self._trouble()
        few = height < _FEW_LINES
        head = [trouble if trouble.plain else title] if few else [title, trouble, self._rate(width)]
        feet = [foot] if few else [self._news(), foot]
        self._room = max(height - len(head) - len(feet) - (0 if few else _HEADING_LINES), 1)
        whole = Layout()
        whole.split_column(
            Layout(_lines(head), size=len(head)),
            Layout(self._board(heading=not few)),
            Layout(_lines(feet), size=len(feet)),
        )
        return whole

    def _board(self, *, heading: bool) -> Group:
        rows = self._update.rows if self._update else ()
        self._first_row = max(min(self._first_row, len(rows) - self._room), 0)
        seen = rows[self._first_row : self._first_row + self._room]
        if not seen:
            return Group(*([Text("no scores yet", style="dim")] if self.has_begun else []))
        marks = {row.user_id: self._highlights.of(row) for row in seen}
        own = self._highlights.own
        return Group(
            board_table(seen, marks=marks, standing_out=own, on_screen=True, heading=heading)
        )

    def _news(self) -> Text:
        news = [f"last: {self._last_change}"] if self._last_change else []
        return Text("   ".join(news + ([self._notice] if self._notice else [])))

    def _rate(self, width: int) -> Text:
        rate = f"{self._sparkline.rate:,.1f} updates/s "
        return Text.assemble((rate, "dim"), (self._sparkline.bars(width - len(rate) - 1), "cyan"))

    def _title(self) -> Text:
        update = self._update
        if update is None:
            return Text(self._contest)
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

    def _trouble(self) -> Text:
        update = self._update
        if update is None or update.state in {WatchState.LIVE, WatchState.OVER}:
            return Text()
        away = f"{self._clock() - update.since:.0f} s"
        why = safe(f": {self._tell(update.trouble)}") if update.trouble else ""
        if update.state is WatchState.CONNECTING:
            return Text(f"connecting for {away}{why}", style="yellow")
        return Text(f"reconnecting for {away}, the board may be behind{why}", style="yellow")


def _lines(texts: Sequence[Text]) -> Group:
    """Show each text in a line of its own, cut short where there is no room for it."""
    for text in texts:
        text.no_wrap, text.overflow = True, "ellipsis"
    return Group(*texts)

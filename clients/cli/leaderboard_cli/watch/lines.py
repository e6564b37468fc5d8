"""A watched contest as lines: its changes for people, its messages as JSON, and its connection."""

from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from leaderboard_cli.board_table import board_table
from leaderboard_cli.output import print_line, print_message
from leaderboard_cli.watch.formatting import TroubleTeller, format_change, reset_text
from leaderboard_client.watch_update import WatchState, WatchUpdate


class ChangeLines:
    """Prints each snapshot as a table and each change as a line."""

    def __init__(self, contest: str, console: Console) -> None:
        self._contest = contest
        self._console = console

    def show(self, update: WatchUpdate) -> None:
        """Print what an update tells of the contest."""
        if update.snapshot_reason is not None:
            why = reset_text(update)
            self._console.print(f"{self._contest}, {why}" if why else self._contest)
            self._console.print(board_table(update.rows))
        for change in update.changes:
            self._console.print(Text(format_change(change)), soft_wrap=True)


class MessageLines:
    """Prints each message as a line of JSON."""

    def show(self, update: WatchUpdate) -> None:
        """Print the message of an update; one that only tells of the connection has none."""
        if update.message:
            print_message(update.message)


class ConnectionLines:
    """Says on stderr when the connection is lost, why, and when the watch goes on."""

    def __init__(self, tell: TroubleTeller, clock: Callable[[], float]) -> None:
        """Prepare to tell of a watch.

        Args:
            tell: Says why there is no stream.

            clock: That of the watch.
        """
        self._tell = tell
        self._clock = clock
        self._lost_at: float | None = None

    def show(self, update: WatchUpdate) -> None:
        """Print a line if the connection was lost or is back."""
        lost = update.state is WatchState.RECONNECTING
        if lost and self._lost_at is None and update.trouble:
            self._lost_at = update.since
            print_line(f"reconnecting: {self._tell(update.trouble)}", stderr=True)
        elif not lost and self._lost_at is not None:
            away = self._clock() - self._lost_at
            self._lost_at = None
            print_line(f"reconnected after {away:.1f} s", stderr=True)

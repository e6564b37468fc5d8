"""Shows the updates of a watch until its contest has ended; here also as lines, for a pipe."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Protocol

from rich.console import Console
from rich.text import Text

from leaderboard_cli.output import print_message, print_notice
from leaderboard_cli.tables import board_table
from leaderboard_cli.watch.formatting import format_change, format_reset, format_season
from leaderboard_client import SnapshotReason, WatchState, WatchUpdate
from leaderboard_client.watch_update import StreamLostError


class View(Protocol):
    """Shows a watch."""

    def show(self, update: WatchUpdate) -> None:
        """Show an update."""


async def run_watch_loop(
    updates: AsyncGenerator[WatchUpdate, None], views: Sequence[View], begin_within: float | None
) -> WatchState:
    """Show updates until the contest is over or deleted, and return which.

    Args:
        updates: The watch.

        views: They show each update.

        begin_within: The seconds in which the watch must begin; None for no limit.

    Raises:
        LeaderboardError: The watch was rejected, or did not begin in time.

        StreamLostError: The watch did not begin in time.

        MissedChangesError: The watch did not begin in time.
    """
    trouble: Exception | None = None
    state = WatchState.CONNECTING
    try:
        async with aclosing(updates), asyncio.timeout(begin_within) as beginning:
            async for update in updates:
                trouble, state = update.trouble, update.state
                if state is not WatchState.CONNECTING:
                    beginning.reschedule(None)
                for view in views:
                    view.show(update)
    except TimeoutError:
        raise (trouble or StreamLostError(f"no message for {begin_within:g} s")) from None
    return state


class ChangeLines:
    """Prints each snapshot as a table and each change as a line."""

    def __init__(self, contest: str, console: Console) -> None:
        self._contest = contest
        self._console = console

    def show(self, update: WatchUpdate) -> None:
        """Print the snapshot or the changes of an update."""
        if update.snapshot_reason is not None:
            self._console.print(self._heading(update))
            self._console.print(board_table(update.rows, width=self._console.width))
        for change in update.changes:
            self._console.print(Text(format_change(change)), soft_wrap=True)

    def _heading(self, update: WatchUpdate) -> str:
        parts = [self._contest]
        if update.snapshot_reason is not SnapshotReason.NEW_SEASON:  # which names the season
            parts.append(format_season(update))
        return ", ".join(filter(None, [*parts, format_reset(update)]))


class MessageLines:
    """Prints each message as a line of JSON."""

    def show(self, update: WatchUpdate) -> None:
        """Print the message of an update; an update of the connection's state has none."""
        if update.message:
            print_message(update.message)


class ConnectionLines:
    """Prints on stderr when the connection is lost, why, and when the watch goes on."""

    def __init__(
        self,
        failure_text: Callable[[Exception], str],
        clock: Callable[[], float],
        *,
        as_json: bool = False,
    ) -> None:
        """Prepare for a watch.

        Args:
            failure_text: Returns why a stream failed.

            clock: The clock of the watch.

            as_json: Print JSON.
        """
        self._as_json = as_json
        self._failure_text = failure_text
        self._clock = clock
        self._lost_at: float | None = None

    def show(self, update: WatchUpdate) -> None:
        """Print a line if the connection was lost or is back."""
        lost = update.state is WatchState.RECONNECTING
        if lost and self._lost_at is None and update.trouble:
            self._lost_at = update.since
            why = self._failure_text(update.trouble)
            print_notice(f"reconnecting: {why}", as_json=self._as_json)
        elif not lost and self._lost_at is not None:
            away = self._clock() - self._lost_at
            self._lost_at = None
            print_notice(f"reconnected after {away:.1f} s", as_json=self._as_json)

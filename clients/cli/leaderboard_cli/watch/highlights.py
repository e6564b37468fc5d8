"""What moved on a board within the last seconds, and how."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.text import Text

from leaderboard_cli.watch.formatting import format_move
from leaderboard_client.live_board import Row
from leaderboard_client.watch_update import WatchUpdate

_MARKED_SECONDS = 5.0


@dataclass(slots=True)
class _Mark:
    """How a row changed within the last seconds."""

    from_rank: int
    until: float
    points: int = 0
    own: bool = False
    """The user's own row changed; others may only have made way."""


class Highlights:
    """Highlights rows when they change, and forgets that after some seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._highlights: dict[str, _Mark] = {}

    def take(self, update: WatchUpdate) -> None:
        """Mark what an update changed; a snapshot takes all marks away."""
        if update.snapshot_reason is not None:
            self._highlights.clear()
        until = self._clock() + _MARKED_SECONDS
        ranks = {row.user_id: row.rank for row in update.rows}
        for change in update.changes:
            user_id = change.user.user_id
            if user_id in ranks:
                # Where the row stood on the board goes before its rank in between.
                stood = update.moved.get(user_id, ranks[user_id]) or change.previous_rank
                mark = self._highlights.setdefault(user_id, _Mark(stood, until))
                mark.points += change.points
                mark.until = until
                mark.own = True
        for user_id, stood in update.moved.items():
            self._highlights.setdefault(user_id, _Mark(stood, until)).until = until

    def forget_old(self) -> None:
        """Take away the marks that were there for long enough."""
        now = self._clock()
        self._highlights = {
            user: mark for user, mark in self._highlights.items() if mark.until > now
        }

    @property
    def own(self) -> set[str]:
        """The users whose own rows changed."""
        return {user_id for user_id, mark in self._highlights.items() if mark.own}

    def of(self, row: Row) -> Text:
        """Say how a row moved; nothing where it did not."""
        mark = self._highlights.get(row.user_id)
        if mark is None:
            return Text()
        if mark.from_rank and mark.from_rank < row.rank:
            style = "red"
        else:
            style = "" if mark.from_rank == row.rank else "green"
        return Text(format_move(mark.points, mark.from_rank, row.rank), style=style)

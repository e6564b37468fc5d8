"""Formats what happened on a watched board: resets, changes, and the rows that moved lately."""

from collections.abc import Callable
from dataclasses import dataclass

from rich.text import Text

from leaderboard_cli.output import name_of, safe
from leaderboard_client import RankedUser, ScoreChange, SnapshotReason, WatchState, WatchUpdate

_HIGHLIGHT_S = 5.0

_RESETS = {
    SnapshotReason.HISTORY_TRIMMED: "the history no longer holds the missed changes",
    SnapshotReason.NEW_EPOCH: "the contest's history was reset",
    SnapshotReason.LAGGED: "this watcher fell too far behind",
    SnapshotReason.AHEAD: "this watcher was ahead of the server",
    SnapshotReason.CONTEST_UPDATED: "the contest's settings were changed",
}


def format_season(update: WatchUpdate) -> str:
    """Return the season of a board; empty for the first one."""
    return f"season {update.season:,}" if (update.season or 0) > 1 else ""


def format_reset(update: WatchUpdate) -> str:
    """Return why a board was reloaded; empty if it was not, or is the first one."""
    if update.snapshot_reason is SnapshotReason.NEW_SEASON:
        return f"{format_season(update)} has begun"
    reset = _RESETS.get(update.snapshot_reason or SnapshotReason.INITIAL)
    return f"board reloaded: {reset}" if reset else ""


def format_end(contest: str, state: WatchState) -> str:
    """Return the line that says how a watch ended."""
    return f"{contest} was deleted" if state is WatchState.DELETED else f"{contest} is over"


def format_change(change: ScoreChange) -> str:
    """Return a change as a line: when, the new row, how it moved, and what happened."""
    user, message = change.user, change.message
    if change.removed:
        before = f"(rank {change.previous_rank:,} before)" if change.previous_rank else ""
        return "  ".join(filter(None, [name_of(user), "left the board", before]))
    parts = [
        message.event_time.ToJsonString() if message.HasField("event_time") else "",
        f"{user.rank:,}.",
        name_of(user),
        f"{user.score:,}",
        f"({format_move(change.points, change.previous_rank, user.rank) or '='})",
        safe(change.event_type),
    ]
    return "  ".join(filter(None, parts))


def format_move(points: int, from_rank: int, rank: int) -> str:
    """Return how a row moved; empty if it did not.

    Args:
        points: The change of the score.

        from_rank: The rank before; 0 if there was none, or it was not watched.

        rank: The rank now.
    """
    parts = [f"{points:+,}"] if points else []
    if not from_rank:
        parts.append("new" if points else "in")
    elif from_rank != rank:
        parts.append(f"▲{from_rank - rank:,}" if rank < from_rank else f"▼{rank - from_rank:,}")
    return " ".join(parts)


@dataclass(slots=True)
class _Highlight:
    """How a row changed within the last seconds."""

    from_rank: int
    until: float
    points: int = 0
    changed: bool = False
    """Whether the user's own row changed; else it only moved because of others."""


class Highlights:
    """Keeps the rows that changed or moved within the last seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._by_user: dict[str, _Highlight] = {}

    def add(self, update: WatchUpdate) -> None:
        """Highlight the rows that an update changed; a snapshot clears all highlights."""
        if update.snapshot_reason is not None:
            self._by_user.clear()
        until = self._clock() + _HIGHLIGHT_S
        ranks = {row.user_id: row.rank for row in update.rows}
        for change in update.changes:
            user_id = change.user.user_id
            if user_id in ranks:
                # The rank that was shown goes before the ranks in between.
                shown = update.moved.get(user_id, ranks[user_id]) or change.previous_rank
                highlight = self._by_user.setdefault(user_id, _Highlight(shown, until))
                highlight.points += change.points
                highlight.until = until
                highlight.changed = True
        for user_id, shown in update.moved.items():
            self._by_user.setdefault(user_id, _Highlight(shown, until)).until = until

    def expire(self) -> None:
        """Remove the highlights whose time is over."""
        now = self._clock()
        self._by_user = {user: each for user, each in self._by_user.items() if each.until > now}

    @property
    def changed(self) -> set[str]:
        """The users whose own rows changed."""
        return {user_id for user_id, highlight in self._by_user.items() if highlight.changed}

    def text(self, row: RankedUser) -> Text:
        """Return how a row moved; empty if it did not."""
        highlight = self._by_user.get(row.user_id)
        if highlight is None:
            return Text()
        if highlight.from_rank and highlight.from_rank < row.rank:
            style = "red"
        else:
            style = "" if highlight.from_rank == row.rank else "green"
        return Text(format_move(highlight.points, highlight.from_rank, row.rank), style=style)

"""How a watch is put into words."""

from collections.abc import Callable
from typing import TypeAlias

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import failure_text
from leaderboard_cli.output import named, safe
from leaderboard_client.errors import error_of
from leaderboard_client.refusal import RefusedError
from leaderboard_client.watch_update import WatchUpdate

TroubleTeller: TypeAlias = "Callable[[Exception], str]"
"""Says in one line what a stream, or an attempt to open one, ended with."""

_REASONS = {
    pb.SNAPSHOT_REASON_HISTORY_TRIMMED: "shown anew: the history no longer holds what was missed",
    pb.SNAPSHOT_REASON_NEW_EPOCH: "shown anew: the contest has another history",
    pb.SNAPSHOT_REASON_LAGGED: "shown anew: this watcher fell too far behind",
    pb.SNAPSHOT_REASON_AHEAD: "shown anew: the server knew less than this watcher",
}


def reset_text(update: WatchUpdate) -> str:
    """Say why a board is shown anew; nothing where it is not, or is the first one."""
    reason = update.snapshot_reason
    return "" if reason is None else _REASONS.get(reason, "")


def trouble_teller(server: str, patience: float) -> TroubleTeller:
    """Return what says in one line why a watch has no stream.

    Args:
        server: Where the watch goes, HOST:PORT.

        patience: How long its beginning may take, in seconds.
    """

    def tell(trouble: Exception) -> str:
        if isinstance(trouble, RefusedError):
            return failure_text(error_of(trouble.refusal), server, patience)
        return str(trouble)

    return tell


def format_change(change: pb.ScoreChange) -> str:
    """Say what changed: when, the new row, how it moved, and what happened."""
    user = change.user
    parts = [
        change.event_time.ToJsonString() if change.HasField("event_time") else "",
        f"{user.rank:,}.",
        named(user),
        f"{user.score:,}",
        f"({format_move(change.points, change.previous_rank, user.rank) or '='})",
        safe(change.event_type),
    ]
    return "  ".join(filter(None, parts))


def format_move(points: int, from_rank: int, rank: int) -> str:
    """Say how a row moved; nothing where it did not.

    Args:
        points: By how much the score changed.

        from_rank: The rank before; 0 where there was none, or it was not watched.

        rank: The rank now.
    """
    parts = [f"{points:+,}"] if points else []
    if not from_rank:
        parts.append("new" if points else "in")
    elif from_rank != rank:
        parts.append(f"▲{from_rank - rank:,}" if rank < from_rank else f"▼{rank - from_rank:,}")
    return " ".join(parts)

"""Texts of positions and messages of a watch, for the story of a failure."""

from leaderboard.v1 import leaderboard_pb2 as pb


def position_text(position: pb.Position | None) -> str:
    """Return epoch and revision."""
    return "-" if position is None else f"{position.epoch or '-'}/{position.revision}"


def message_line(message: pb.WatchContestResponse) -> str:
    """Return the positions of a message, and what it has."""
    kind = message.WhichOneof("event")
    more = ""
    if kind == "snapshot":
        name = pb.SnapshotReason.Name(message.snapshot.reason)
        more = f" {name}, {len(message.snapshot.users)} of {message.snapshot.total_users} users"
    elif kind == "changes":
        more = " " + ", ".join(
            f"{change.user.user_id} {change.points:+d} = {change.user.score}"
            f" (place {change.previous_place} to {change.user.place}, rank {change.user.rank})"
            for change in message.changes.changes[:20]
        )
    elif kind == "end":
        more = f" {pb.EndReason.Name(message.end.reason)}"
    return f"({message.previous_revision}, {position_text(message.position)}] {kind}{more}"

"""Updates of a driver's watch, as a correct client shows them."""

from typing import Any

from clients.driver import Answer


def position(revision: int) -> Answer:
    """Return a position in the epoch of all stories."""
    return {"epoch": "one", "revision": revision}


def ranked_user(user_id: str, score: int, place: int, rank: int = 0) -> Answer:
    """Return a user with a rank, which is the place if none is given."""
    return {
        "user_id": user_id,
        "score": score,
        "rank": rank or place,
        "display_name": user_id.title(),
        "place": place,
    }


def update_of(state: str, rows: list[Answer], revision: int, **more: Any) -> Answer:
    """Return an update that a client shows."""
    return {
        "state": state,
        "rows": [list(row.values()) for row in rows],
        "total_users": len(rows) or None,
        "position": position(revision) if rows else None,
        "season": 1 if rows else None,
        "changes": [],
        "snapshot_reason": None,
        "message": None,
        "trouble": None,
        **more,
    }


def message_of(before: int, after: int, **event: Any) -> Answer:
    """Return a message of the stream."""
    return {"position": position(after), "previous_revision": before, **event}


def snapshot(
    rows: list[Answer], revision: int, style: str, order: str = "HIGHEST", reason: str = "INITIAL"
) -> Answer:
    """Return the update of a snapshot with all users."""
    reason = f"SNAPSHOT_REASON_{reason}"
    rules = {"rank_style": f"RANK_STYLE_{style}", "order": f"ORDER_{order}_FIRST"}
    users = {"users": rows, "total_users": len(rows), "reason": reason, "rules": rules, "season": 1}
    message = message_of(revision - 2, revision, snapshot=users)
    return update_of("LIVE", rows, revision, message=message, snapshot_reason=reason)

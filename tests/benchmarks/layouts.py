"""Layouts of a board in the store: the keys of the service, and the one sorted set of the peers."""

from enum import StrEnum

from leaderboard_server.storage import keys


class Layout(StrEnum):
    """The form of a contest in the store."""

    SERVICE = "service"
    """The keys of `leaderboard_server.storage.keys`."""
    PLAIN = "plain"
    """A ZSET for each contest: member = user id, score = points."""

    def board(self, contest_id: str) -> str:
        """Return the key of the ZSET of a contest."""
        return keys.board(contest_id) if self is Layout.SERVICE else f"contest:{contest_id}"

"""The board of a contest at each revision, from all its changes: an independent computation.

It holds scores and the revisions that reached them, and sorts them: it knows nothing of places. The
highest scores are first, of equal ones the one that was reached first.
"""

from collections.abc import Iterable
from typing import NamedTuple

from leaderboard.v1 import leaderboard_pb2 as pb


class ReplayedRow(NamedTuple):
    """The row of a user."""

    score: int
    reached: int
    """The revision that reached the score."""
    name: str = ""


class ReplayedBoard:
    """A board that is moved from revision to revision."""

    def __init__(self, rows: dict[str, ReplayedRow] | None = None, revision: int = 0) -> None:
        """Begin with the rows of a revision."""
        self._rows = rows or {}
        self._left: dict[str, ReplayedRow] = {}
        self._revision = revision

    def replay(self, messages: Iterable[pb.WatchContestResponse], until: int) -> None:
        """Apply the changes of a watch with the scope ALL, up to a revision.

        Each revision must have a change.
        """
        for message in messages:
            for change in message.changes.changes:
                if self._revision == until:
                    return
                self._revision += 1
                self._apply(change)
            if message.HasField("changes"):
                assert message.position.revision == self._revision, "a revision has no change"
        assert self._revision == until, f"the changes end at {self._revision}"

    def _apply(self, change: pb.ScoreChange) -> None:
        user = change.user
        if change.removed:
            self._left[user.user_id] = self._rows.pop(user.user_id)
            return
        row = self._rows.get(user.user_id)
        if row is None and not change.points:  # it was hidden
            row = self._left[user.user_id]
        reached = row.reached if row and not change.points else self._revision
        self._rows[user.user_id] = ReplayedRow(user.score, reached, user.display_name)

    def ranked(self) -> list[tuple[str, int, str]]:
        """Return user, score and name of all rows, best first."""
        rows = sorted(self._rows.items(), key=lambda item: (-item[1].score, item[1].reached))
        return [(user_id, row.score, row.name) for user_id, row in rows]

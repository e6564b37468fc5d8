"""What happened to a contest, as told to caches and watchers."""

from typing import NamedTuple

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.position import Position


class ScoreChange(NamedTuple):
    """An applied change of one user's row."""

    user: RankedUser
    """The user right after this change."""
    previous_rank: int
    """0 for a new user."""
    points: int
    """By how much the score changed, from -2^54 to 2^54; 0 for a new name alone."""
    event_type: str
    event_time_ns: int | None


class Commit(NamedTuple):
    """Changes of one contest that took effect in one atomic step.

    Change `i` has the revision `previous_revision + 1 + i`. A commit without changes tells that a
    new epoch began at its revision.
    """

    contest_id: str
    epoch: str
    previous_revision: int
    revision: int
    total_users: int
    """How many users the contest has after the commit."""
    changes: tuple[ScoreChange, ...]

    @property
    def position(self) -> Position:
        """The position after the commit."""
        return Position(self.epoch, self.revision)

    def after(self, revision: int) -> "Commit":
        """Return what of this commit comes after a revision; a writer's may lie within it."""
        if revision <= self.previous_revision:
            return self
        changes = self.changes[revision - self.previous_revision :]
        return self._replace(previous_revision=revision, changes=changes)

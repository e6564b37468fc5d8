"""Committed changes of a contest, as caches and watchers observe them."""

from typing import NamedTuple

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.position import Position


class ScoreChange(NamedTuple):
    """An applied change of one user's row."""

    user: RankedUser
    """The user directly after this change."""
    previous_rank: int
    """0 for a new user."""
    previous_place: int
    """0 for a new user."""
    points: int
    """The difference of the score, from -2^54 to 2^54; 0 if only name or attributes changed."""
    event_type: str
    event_time_ns: int | None


class Commit(NamedTuple):
    """Changes of one contest that were applied in one atomic step.

    Change `i` has the revision `previous_revision + 1 + i`. A commit without changes
    starts a new epoch at its revision, or changes the settings of the contest.
    """

    contest_id: str
    epoch: str
    previous_revision: int
    revision: int
    total_users: int
    """The number of users in the contest after the commit."""
    changes: tuple[ScoreChange, ...]
    updates_contest: bool = False
    """Whether it changes the settings of the contest: what was read before has to be read again."""

    @property
    def position(self) -> Position:
        """The position after the commit."""
        return Position(self.epoch, self.revision)

    def after(self, revision: int) -> "Commit":
        """Return the part of this commit after a revision, such as the position of one writer."""
        if revision <= self.previous_revision:
            return self
        changes = self.changes[revision - self.previous_revision :]
        return self._replace(previous_revision=revision, changes=changes)

"""Committed changes of a contest, as caches and watchers observe them."""

from bisect import bisect_right
from enum import StrEnum
from typing import NamedTuple

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.position import Position


class ScoreChange(NamedTuple):
    """An applied change of one user's row."""

    user: RankedUser
    """The user directly after this change; see `removed`."""
    previous_rank: int
    """0 for a new user."""
    previous_place: int
    """0 for a new user."""
    points: int
    """The difference of the score, from -2^54 to 2^54; 0 if only name or attributes changed."""
    event_type: str
    event_time_ns: int | None

    @property
    def removed(self) -> bool:
        """Whether the row left the board; the user then has its id alone, and the place 0."""
        return not self.user.place


class Mark(StrEnum):
    """What a commit does beside changes of rows, by its name in the log."""

    CONTEST_UPDATED = "contest_updated"
    """It changes the settings: what was read before has to be read again."""
    CONTEST_DELETED = "contest_deleted"
    """The contest was deleted at this revision; it is not logged, and the last one of its epoch."""
    USER_ERASED = "user_erased"
    """It erases a user: no commit before it may be sent any more. The log has it without the
    change of the user's row, and begins with it."""
    NEW_SEASON = "new_season"
    """It begins a season, with an empty board and an epoch of its own; the log begins with it."""


class Commit(NamedTuple):
    """Changes of one contest that were applied in one atomic step.

    Its revisions are those after `previous_revision`, one for each change, in order, and one for
    each of `unseen`. A commit without changes starts a new epoch at its revision, has a mark, or is
    of hidden users alone.
    """

    contest_id: str
    epoch: str
    previous_revision: int
    revision: int
    total_users: int
    """The number of users in the contest after the commit."""
    changes: tuple[ScoreChange, ...]
    unseen: tuple[int, ...] = ()
    """The revisions of writes of hidden users, in order."""
    mark: Mark | None = None

    @property
    def position(self) -> Position:
        """The position after the commit."""
        return Position(self.epoch, self.revision)

    @property
    def size(self) -> int:
        """How many revisions it has, seen or not."""
        return self.revision - self.previous_revision

    def as_logged(self) -> "Commit":
        """Return the commit as the log has it."""
        return self._replace(changes=()) if self.mark is Mark.USER_ERASED else self

    def after(self, revision: int) -> "Commit":
        """Return the part of this commit after a revision, such as the position of one writer."""
        if revision <= self.previous_revision:
            return self
        unseen = bisect_right(self.unseen, revision)
        changes = self.changes[revision - self.previous_revision - unseen :]
        return self._replace(
            previous_revision=revision, changes=changes, unseen=self.unseen[unseen:]
        )

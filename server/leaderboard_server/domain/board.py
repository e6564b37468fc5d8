"""Queries and what they read: users with their ranks, pages of a board, the standing of a user."""

from dataclasses import dataclass
from typing import NamedTuple

from leaderboard_server.domain.position import BEGINNING, Position


class RankedUser(NamedTuple):
    """A user with its score and rank at some position."""

    user_id: str
    score: int
    """From -2^53 to 2^53."""
    rank: int
    """From 1, the best."""
    display_name: str
    """Empty if none was given."""


@dataclass(slots=True, weakref_slot=True)
class Page:
    """Consecutive ranks of a contest at one position; many readers may share one object."""

    users: tuple[RankedUser, ...]
    total_users: int
    position: Position


class TopQuery(NamedTuple):
    """The ranks of a contest that are requested."""

    contest_id: str
    start_rank: int
    """The first rank, from 1."""
    limit: int
    """How many ranks, from 1 to 1,000."""
    min_position: Position
    """The ranks are of this position or a later one."""


class RankQuery(NamedTuple):
    """A user whose rank is requested."""

    contest_id: str
    user_id: str
    neighbors: int = 0
    """How many users on each side, from 0 to 100."""
    min_position: Position = BEGINNING
    """The rank is of this position or a later one."""

    @property
    def rows(self) -> int:
        """The rows that are read for it."""
        return 2 * self.neighbors + 1


class Standing(NamedTuple):
    """The rank of one user at one position, with the users around it."""

    user: RankedUser
    neighbors: tuple[RankedUser, ...]
    """The users directly above and below, best first, without the user."""
    total_users: int
    position: Position

    @property
    def percentile(self) -> float:
        """Percentage of the other users that are ranked below, 0 to 100; 100 for a single user."""
        others = self.total_users - 1
        if others == 0:
            return 100.0
        return 100.0 * (self.total_users - self.user.rank) / others

"""Queries and what they read: users with their ranks, pages of a board, the standing of a user."""

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.rules import DEFAULT_RULES, Rules

Attributes: TypeAlias = tuple[tuple[str, str], ...]
"""Data of a user that are shown with it: keys and values, by key."""


class RankedUser(NamedTuple):
    """A user with its score and rank at some position."""

    user_id: str
    score: int
    """From -2^53 to 2^53."""
    rank: int
    """From 1, the best: the place, or where the contest shares ranks the same for equal scores."""
    display_name: str
    """Empty if none was given."""
    place: int
    """The number of the row, from 1."""
    attributes: Attributes = ()


@dataclass(slots=True, weakref_slot=True)
class Page:
    """Consecutive rows of a contest at one position; many readers may share one object."""

    users: tuple[RankedUser, ...]
    total_users: int
    position: Position
    rules: Rules = DEFAULT_RULES
    left_ms: int | None = None
    """The time until the end of the season when the rows were read; None where none is known."""


class TopQuery(NamedTuple):
    """The rows of a contest that are requested."""

    contest_id: str
    start_place: int
    """The place of the first row, from 1."""
    limit: int
    """How many rows, from 1 to 1,000."""
    min_position: Position
    """The rows are of this position or a later one."""
    season: int = 0
    """A number from 1, or -1 for the season before the current one; 0 for the current one."""


class RankQuery(NamedTuple):
    """A user whose rank is requested."""

    contest_id: str
    user_id: str
    neighbors: int = 0
    """How many users on each side, from 0 to 100."""
    around: int = 0
    """How many consecutive rows around the user, itself included, from 0 to 201."""
    min_position: Position = BEGINNING
    """The rank is of this position or a later one."""
    season: int = 0
    """A number from 1, or -1 for the season before the current one; 0 for the current one."""

    @property
    def rows(self) -> int:
        """The rows that are read for it."""
        _, _, neighbors, around, *_ = self
        return max(2 * neighbors + 1, around) if around else 2 * neighbors + 1


class Standing(NamedTuple):
    """The rank of one user at one position, with the users around it."""

    user: RankedUser
    neighbors: tuple[RankedUser, ...]
    """The users directly above and below, best first, without the user."""
    around: tuple[RankedUser, ...]
    """The rows around the user, best first, the user included."""
    worse: int
    """How many users have a worse rank."""
    total_users: int
    position: Position

    @property
    def percentile(self) -> float:
        """Percentage of the other users with a worse rank, 0 to 100; 100 for a single user."""
        others = self.total_users - 1
        if others == 0:
            return 100.0
        return 100.0 * self.worse / others


class UsersQuery(NamedTuple):
    """Users whose ranks are requested, all of one state."""

    contest_id: str
    user_ids: tuple[str, ...]
    """1 to 1,000 users, each once."""
    min_position: Position = BEGINNING
    season: int = 0


@dataclass(slots=True)
class Users:
    """The ranks of several users at one position."""

    users: tuple[RankedUser, ...]
    """Those that have a score, best first."""
    missing: tuple[str, ...]
    """The others, in the order of the query."""
    total_users: int
    position: Position


class ScoreQuery(NamedTuple):
    """A score whose rank is requested."""

    contest_id: str
    score: int
    around: int = 0
    """How many consecutive rows around the score, from 0 to 201."""
    min_position: Position = BEGINNING
    season: int = 0


class ScoreRank(NamedTuple):
    """The rank and the place that a user who reached a score now would have."""

    rank: int
    place: int
    around: tuple[RankedUser, ...]
    """The rows around the score, best first."""
    total_users: int
    position: Position


def first_place_around(place: int, count: int, total_users: int) -> int:
    """Return the place of the first of `count` rows around a row.

    There is at most one row more below it than above it. At the ends of the board the rows are
    moved, so that there are as many as the board has.
    """
    return max(1, min(place - (count - 1) // 2, total_users - count + 1))

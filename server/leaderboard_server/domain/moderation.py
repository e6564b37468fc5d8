"""Moderation of a contest: users that are removed, hidden or erased."""

from typing import NamedTuple

from leaderboard_server.domain.board import Attributes
from leaderboard_server.domain.position import Position


class UsersQuery(NamedTuple):
    """Users of a contest that are to be removed or hidden, or not to be hidden any more."""

    contest_id: str
    user_ids: tuple[str, ...]
    """1 to 1,000 users, each once."""


class UsersChanged(NamedTuple):
    """The result of such a request."""

    number: int
    """How many of the users it concerned."""
    position: Position
    """The position of the contest after it; the beginning if the contest does not exist."""


class HiddenUser(NamedTuple):
    """A hidden user."""

    user_id: str
    score: int | None
    """None if it has no score."""
    display_name: str
    attributes: Attributes


class HiddenQuery(NamedTuple):
    """A page of hidden users that is requested."""

    contest_id: str
    page_size: int
    """How many users at most, from 1 to 1,000."""
    cursor: int = 0
    """The part of all hidden users that the page begins in; 0 for the first page."""
    after: str = ""
    """The user of that part, in the order of their ids, that the page comes after."""


class HiddenPage(NamedTuple):
    """A page of hidden users."""

    users: tuple[HiddenUser, ...]
    next: HiddenQuery | None
    """The query for the next page; None if this is the last one."""


class ErasedPart(NamedTuple):
    """A part of all contests from which a user was erased."""

    contests_changed: int
    next_after: str
    """The contest that the next part comes after; empty if this is the last part."""

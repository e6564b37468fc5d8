"""Results of the removal, hiding and erasing of users: plain, immutable values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.results import Position


@dataclass(frozen=True, slots=True, kw_only=True)
class UsersChanged:
    """The result of removing, hiding or unhiding users."""

    count: int
    """How many of the users were changed. A call that is repeated, also by the client itself, may
    count none."""

    position: Position
    """The position of the contest right after it; without an epoch if there is no such contest."""

    @classmethod
    def decode(
        cls,
        message: contests_pb2.RemoveUsersResponse
        | contests_pb2.HideUsersResponse
        | contests_pb2.UnhideUsersResponse,
    ) -> Self:
        """Decode the message of the contract."""
        return cls(count=message.count, position=Position.decode(message.position))


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenUser:
    """A hidden user of a contest."""

    user_id: str
    """The user."""

    score: int | None = None
    """The score; None if the user has none."""

    display_name: str = ""
    """The user's name for people; empty if none was given."""

    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The user's attributes."""

    @classmethod
    def decode(cls, message: pb.RankedUser) -> Self:
        """Decode the message of the contract, of a user with a score."""
        return cls(
            user_id=message.user_id,
            score=message.score,
            display_name=message.display_name,
            attributes=dict(message.attributes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedPart:
    """A part of all contests from which a user was erased."""

    contests_changed: int
    """How many contests of this part held the user."""

    next_page_token: str
    """The token from which to continue; empty after the last part."""

"""What the calls of a client return: plain, immutable values, read from the service's answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from leaderboard.v1 import leaderboard_pb2 as pb


@dataclass(frozen=True, slots=True)
class Position:
    """A point in the history of one contest.

    Positions of one contest and one epoch are ordered by revision; others can't be compared.
    """

    epoch: str
    """Names one history of the contest; empty before its first update."""

    revision: int
    """How many changes were applied to the contest; 0 before the first."""

    @classmethod
    def read(cls, position: pb.Position) -> Self:
        """Read the message of the contract."""
        return cls(position.epoch, position.revision)


@dataclass(frozen=True, slots=True)
class RankedUser:
    """A user as ranked at some position: one row of a board."""

    rank: int
    """The rank, from 1."""

    user_id: str
    """The user."""

    score: int
    """The score, from -2^53 to 2^53."""

    display_name: str
    """The user's name for people; empty if none was given."""

    @classmethod
    def read(cls, user: pb.RankedUser) -> Self:
        """Read the message of the contract."""
        return cls(user.rank, user.user_id, user.score, user.display_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateResult:
    """What an update led to."""

    user: RankedUser
    """The user right after the update."""

    previous_score: int
    """The score right before it; 0 for a new user."""

    previous_rank: int
    """The rank right before it, from 1; 0 for a new user."""

    applied: bool
    """Tells that the update changed something; otherwise it moved nobody."""

    replayed: bool
    """Tells that the write had been taken before, with the same `request_id`: this is the first
    answer again, and nothing counted twice."""

    position: Position
    """The position of the contest right after the update."""

    @classmethod
    def read(cls, answer: pb.UpdateScoreResponse) -> Self:
        """Read the message of the contract."""
        return cls(
            user=RankedUser.read(answer.user),
            previous_score=answer.previous_score,
            previous_rank=answer.previous_rank,
            applied=answer.applied,
            replayed=answer.replayed,
            position=Position.read(answer.position),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUsers:
    """Consecutive ranks of a contest."""

    users: tuple[RankedUser, ...]
    """The users, best first."""

    total_users: int
    """How many users the contest has."""

    position: Position
    """The position of this state."""

    @classmethod
    def read(cls, answer: pb.GetTopUsersResponse) -> Self:
        """Read the message of the contract."""
        return cls(
            users=tuple(map(RankedUser.read, answer.users)),
            total_users=answer.total_users,
            position=Position.read(answer.position),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRank:
    """The rank of one user."""

    user: RankedUser
    """The user."""

    neighbors: tuple[RankedUser, ...]
    """The users ranked right above and below, best first, without the user."""

    total_users: int
    """How many users the contest has, from 1."""

    percentile: float
    """The share of the other users who are ranked below, in percent from 0 to 100."""

    position: Position
    """The position of this state."""

    @classmethod
    def read(cls, answer: pb.GetUserRankResponse) -> Self:
        """Read the message of the contract."""
        return cls(
            user=RankedUser.read(answer.user),
            neighbors=tuple(map(RankedUser.read, answer.neighbors)),
            total_users=answer.total_users,
            percentile=answer.percentile,
            position=Position.read(answer.position),
        )

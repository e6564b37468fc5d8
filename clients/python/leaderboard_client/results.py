"""Results of a client's calls: plain, immutable values, decoded from the service's responses."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from leaderboard.v1 import leaderboard_pb2 as pb


@dataclass(frozen=True, slots=True)
class Position:
    """A point in the history of one contest.

    Positions of one contest and one epoch are ordered by revision; others can't be compared.
    """

    epoch: str
    """The id of one history of the contest; empty before its first update."""

    revision: int
    """The number of changes applied to the contest; 0 before the first."""

    @classmethod
    def decode(cls, message: pb.Position) -> Self:
        """Decode the message of the contract."""
        return cls(message.epoch, message.revision)


@dataclass(frozen=True, slots=True)
class RankedUser:
    """A row of a board: a user with the rank at some position."""

    rank: int
    """The rank, from 1: the place, or where the contest shares ranks the same for equal scores."""

    user_id: str
    """The user."""

    score: int
    """The score, from -2^53 to 2^53."""

    display_name: str
    """The user's name for people; empty if none was given."""

    place: int
    """The number of the row in the order of the contest, from 1."""

    attributes: Mapping[str, str] = field(default_factory=dict, hash=False)
    """The user's attributes, such as a country or a team."""

    @classmethod
    def decode(cls, message: pb.RankedUser) -> Self:
        """Decode the message of the contract."""
        return cls(
            message.rank,
            message.user_id,
            message.score,
            message.display_name,
            message.place,
            dict(message.attributes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateResult:
    """The result of an update."""

    user: RankedUser
    """The user right after the update."""

    previous_score: int
    """The score right before it; 0 for a new user."""

    previous_rank: int
    """The rank right before it, from 1; 0 for a new user."""

    previous_place: int
    """The place right before it, from 1; 0 for a new user."""

    applied: bool
    """Whether the update changed anything."""

    replayed: bool
    """Whether the same `request_id` had been applied before: this is its first result again, and
    nothing was counted twice."""

    position: Position
    """The position of the contest right after the update."""

    @classmethod
    def decode(cls, message: pb.UpdateScoreResponse) -> Self:
        """Decode the message of the contract."""
        return cls(
            user=RankedUser.decode(message.user),
            previous_score=message.previous_score,
            previous_rank=message.previous_rank,
            previous_place=message.previous_place,
            applied=message.applied,
            replayed=message.replayed,
            position=Position.decode(message.position),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TopUsers:
    """Consecutive rows of a contest."""

    users: tuple[RankedUser, ...]
    """The users, best first."""

    total_users: int
    """The number of users of the contest."""

    position: Position
    """The position of this state."""

    @classmethod
    def decode(cls, message: pb.GetTopUsersResponse) -> Self:
        """Decode the message of the contract."""
        return cls(
            users=_rows(message.users),
            total_users=message.total_users,
            position=Position.decode(message.position),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRank:
    """The rank of one user."""

    user: RankedUser
    """The user."""

    neighbors: tuple[RankedUser, ...]
    """The users ranked right above and below, best first, without the user."""

    around: tuple[RankedUser, ...]
    """The rows around the user, best first, the user included."""

    total_users: int
    """The number of users of the contest, from 1."""

    percentile: float
    """The share of the other users with a worse rank, in percent from 0 to 100."""

    position: Position
    """The position of this state."""

    @classmethod
    def decode(cls, message: pb.GetUserRankResponse) -> Self:
        """Decode the message of the contract."""
        return cls(
            user=RankedUser.decode(message.user),
            neighbors=_rows(message.neighbors),
            around=_rows(message.around),
            total_users=message.total_users,
            percentile=message.percentile,
            position=Position.decode(message.position),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRanks:
    """The ranks of several users, all of one state."""

    users: tuple[RankedUser, ...]
    """The users that have a score, best first."""

    missing_user_ids: tuple[str, ...]
    """The users without a score, in the order of the request."""

    total_users: int
    """The number of users of the contest."""

    position: Position
    """The position of this state."""

    @classmethod
    def decode(cls, message: pb.BatchGetUserRanksResponse) -> Self:
        """Decode the message of the contract."""
        return cls(
            users=_rows(message.users),
            missing_user_ids=tuple(message.missing_user_ids),
            total_users=message.total_users,
            position=Position.decode(message.position),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRank:
    """The rank of a score."""

    rank: int
    """The rank that a user who reached the score now would have, from 1."""

    place: int
    """The place that this user would have, from 1."""

    around: tuple[RankedUser, ...]
    """The rows around the score, best first."""

    total_users: int
    """The number of users of the contest."""

    position: Position
    """The position of this state."""

    @classmethod
    def decode(cls, message: pb.GetScoreRankResponse) -> Self:
        """Decode the message of the contract."""
        return cls(
            rank=message.rank,
            place=message.place,
            around=_rows(message.around),
            total_users=message.total_users,
            position=Position.decode(message.position),
        )


def _rows(messages: Iterable[pb.RankedUser]) -> tuple[RankedUser, ...]:
    return tuple(map(RankedUser.decode, messages))

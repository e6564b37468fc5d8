"""Requests and answers of the model, as frozen values that compare by their fields.

They are independent of gRPC, so expected and actual answers can be compared directly.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field


class Mode(enum.IntEnum):
    """Modes of applying points; the numbers are those of the contract."""

    UNSPECIFIED = 0
    INCREMENT = 1
    SET = 2
    BEST = 3


class Order(enum.IntEnum):
    """The scores that are better; the numbers of this and the next two are those of the contract.

    The unspecified values are left out: rules are compared with every default filled in.
    """

    HIGHEST_FIRST = 1
    LOWEST_FIRST = 2


class TieBreak(enum.IntEnum):
    """The one of equal scores that comes first."""

    FIRST_REACHED = 1
    LAST_REACHED = 2


class RankStyle(enum.IntEnum):
    """The way in which ranks are counted."""

    ORDINAL = 1
    COMPETITION = 2
    DENSE = 3


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules of a contest; a bound that is None is not set."""

    order: Order = Order.HIGHEST_FIRST
    tie_break: TieBreak = TieBreak.FIRST_REACHED
    rank_style: RankStyle = RankStyle.ORDINAL
    default_mode: Mode = Mode.INCREMENT
    min_score: int | None = None
    max_score: int | None = None
    max_points: int | None = None


Attributes = tuple[tuple[str, str], ...]
"""Keys and values, by key; each key once."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """One change of one user's score, as a caller requests it.

    `event_time` is seconds and nanoseconds since 1970; None if it was not given. Repeats of a
    request id must be equal in all fields: also a mode that is named differs from none.
    """

    contest_id: str
    user_id: str
    points: int = 0
    mode: Mode = Mode.UNSPECIFIED
    request_id: str = ""
    event_type: str = ""
    event_time: tuple[int, int] | None = None
    display_name: str = ""
    attributes: Attributes = ()
    clear_display_name: bool = False
    season: int = 0


@dataclass(frozen=True)
class Position:
    """A point in the history of one contest.

    The epoch of the contract is opaque. Here the histories of a contest are numbered in their
    order of appearance: 0 is the empty epoch of a contest that does not exist, 1 is its first real
    epoch, and the next ones begin with each season, and after the contest was deleted.
    """

    history: int
    revision: int


@dataclass(frozen=True)
class RankedUser:
    """A user as ranked at some position."""

    user_id: str
    score: int
    rank: int
    display_name: str
    place: int
    attributes: Attributes = ()


@dataclass(frozen=True, kw_only=True)
class Result:
    """The answer to an update that was accepted."""

    user: RankedUser
    previous_score: int
    previous_rank: int
    previous_place: int
    applied: bool
    replayed: bool
    position: Position


@dataclass(frozen=True, kw_only=True)
class Top:
    """Consecutive rows of a contest."""

    users: tuple[RankedUser, ...]
    total_users: int
    position: Position


@dataclass(frozen=True, kw_only=True)
class Rank:
    """The rank of one user; `percentile` is rounded to 9 decimals, since it is not exact."""

    user: RankedUser
    neighbors: tuple[RankedUser, ...]
    around: tuple[RankedUser, ...]
    total_users: int
    percentile: float
    position: Position


@dataclass(frozen=True, kw_only=True)
class UserRanks:
    """The ranks of several users, all of one state."""

    users: tuple[RankedUser, ...]
    missing_user_ids: tuple[str, ...]
    total_users: int
    position: Position


@dataclass(frozen=True, kw_only=True)
class ScoreRank:
    """The rank and the place that a user with a score would get now."""

    rank: int
    place: int
    around: tuple[RankedUser, ...]
    total_users: int
    position: Position


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A status other than OK: its code, and reason and metadata of its `ErrorInfo`.

    In the metadata an epoch is the number of its history, as in `Position`.
    """

    code: str
    reason: str
    metadata: Mapping[str, str] = field(default_factory=dict)

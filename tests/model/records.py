"""Requests and answers of the model, as frozen values that compare by their fields.

They are independent of gRPC, so expected and actual answers can be compared directly.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


class Mode(enum.IntEnum):
    """Modes of applying points; the numbers are those of the contract."""

    UNSPECIFIED = 0
    INCREMENT = 1
    SET = 2
    BEST = 3


@dataclass(frozen=True, kw_only=True)
class Update:
    """One change of one user's score, as a caller requests it.

    `event_time` is seconds and nanoseconds since 1970; None if it was not given.
    """

    contest_id: str
    user_id: str
    points: int = 0
    mode: Mode = Mode.UNSPECIFIED
    request_id: str = ""
    event_type: str = ""
    event_time: tuple[int, int] | None = None
    display_name: str = ""

    @property
    def payload(self) -> "Update":
        """The fields that a repeat of the request id must have too."""
        return replace(self, mode=self.mode or Mode.INCREMENT)


@dataclass(frozen=True)
class Position:
    """A point in the history of one contest.

    The epoch of the contract is opaque. Here the histories of a contest are numbered in their
    order of appearance: 0 is the empty epoch of a contest without updates, 1 is its first real
    epoch, and any other number is an epoch that the contest does not have.
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


@dataclass(frozen=True, kw_only=True)
class Result:
    """The answer to an update that was accepted."""

    user: RankedUser
    previous_score: int
    previous_rank: int
    applied: bool
    replayed: bool
    position: Position


@dataclass(frozen=True, kw_only=True)
class Top:
    """Consecutive ranks of a contest."""

    users: tuple[RankedUser, ...]
    total_users: int
    position: Position


@dataclass(frozen=True, kw_only=True)
class Rank:
    """The rank of one user; `percentile` is rounded to 9 decimals, since it is not exact."""

    user: RankedUser
    neighbors: tuple[RankedUser, ...]
    total_users: int
    percentile: float
    position: Position


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """A status other than OK: its code, and reason and metadata of its `ErrorInfo`.

    In the metadata an epoch is the number of its history, as in `Position`.
    """

    code: str
    reason: str
    metadata: Mapping[str, str] = field(default_factory=dict)

"""A change that a caller asks for, and what it led to."""

import hashlib
from enum import StrEnum
from typing import NamedTuple

from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.position import Position

MAX_SCORE = 2**53
"""The bound of points and scores either way, inclusive: beyond it doubles, and so Redis scores and
JSON numbers, no longer hold every integer."""


class UpdateMode(StrEnum):
    """How points are applied to a score."""

    INCREMENT = "increment"
    SET = "set"
    BEST = "best"


class ScoreUpdate(NamedTuple):
    """A change of one user's score, with every field checked."""

    contest_id: str
    user_id: str
    points: int
    """Any 64-bit integer; beyond 2^53 either way the update is refused as out of range."""
    mode: UpdateMode = UpdateMode.INCREMENT
    request_id: str = ""
    """Names the write within its contest. Empty: it can't be recognised when repeated."""
    event_type: str = ""
    event_time_ns: int | None = None
    """Nanoseconds since 1970 in UTC, as the caller says."""
    display_name: str = ""
    """Empty: the present name stays."""

    def fingerprint(self) -> str:
        """Return 16 hex digits that tell this payload from others under the same request id."""
        payload = repr((self.user_id, self.points, self.mode.value, *self[5:]))
        return hashlib.blake2b(payload.encode(), digest_size=8).hexdigest()


class UpdateResult(NamedTuple):
    """What an update led to."""

    user: RankedUser
    """The user right after the update."""
    previous_score: int
    """0 for a new user."""
    previous_rank: int
    """0 for a new user."""
    applied: bool
    """Whether it changed anything: a new user, another score or another name."""
    replayed: bool
    """Whether this is the first answer to the same request id, given again."""
    position: Position
    """Right after the update."""

"""Score updates and their results."""

import hashlib
from typing import NamedTuple

from leaderboard_server.domain.board import Attributes, RankedUser
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import UpdateMode


class ScoreUpdate(NamedTuple):
    """A checked update of one user's score."""

    contest_id: str
    user_id: str
    points: int
    """Any 64-bit integer; beyond -2^53 or 2^53 the update is rejected as out of range."""
    mode: UpdateMode = UpdateMode.UNSPECIFIED
    request_id: str = ""
    """Identifies the write within its contest. Empty: repeats are not recognised."""
    event_type: str = ""
    event_time_ns: int | None = None
    """Nanoseconds since 1970 in UTC, given by the caller."""
    display_name: str = ""
    """Empty: the current name stays."""
    attributes: Attributes = ()
    """Merged into those of the user; an empty value removes one."""
    clear_display_name: bool = False
    season: int = 0
    """The season that the write is for, from 1; 0 for the current one."""

    def fingerprint(self) -> str:
        """Return 16 hex digits that identify the payload, to detect a reused request id."""
        # Attributes and the season were added later. Without them it is that of earlier versions,
        # if the update names a mode: they took one without a mode for an INCREMENT.
        more: tuple[object, ...] = ()
        if self.season:
            more = self[8:]
        elif self.attributes or self.clear_display_name:
            more = self[8:10]
        payload = repr((self.user_id, self.points, self.mode.value, *self[5:8], *more))
        return hashlib.blake2b(payload.encode(), digest_size=8).hexdigest()


class UpdateResult(NamedTuple):
    """The result of an update."""

    user: RankedUser
    """The user directly after the update."""
    previous_score: int
    """0 for a new user."""
    previous_rank: int
    """0 for a new user."""
    previous_place: int
    """0 for a new user."""
    applied: bool
    """Whether the update changed anything: a new user, another score, name or attribute."""
    replayed: bool
    """Whether this repeats the first result of the same request id."""
    position: Position
    """The position directly after the update."""

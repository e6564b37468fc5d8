"""What is read from a contest: users with their ranks, pages of a board, one user's standing."""

from dataclasses import dataclass, field
from typing import NamedTuple

from leaderboard_server.domain.position import Position


class RankedUser(NamedTuple):
    """A user as ranked at some position."""

    user_id: str
    score: int
    """From -2^53 to 2^53."""
    rank: int
    """From 1, the best."""
    display_name: str
    """Empty if none was given."""


@dataclass(slots=True)
class Page:
    """Consecutive ranks of a contest at one position; the same object may go to many readers."""

    users: tuple[RankedUser, ...]
    total_users: int
    position: Position
    encoded: bytes | None = field(default=None, compare=False, repr=False)
    """The page as it is sent; whoever encodes it first leaves it here for the others."""


class Standing(NamedTuple):
    """Where one user stands at one position."""

    user: RankedUser
    neighbors: tuple[RankedUser, ...]
    """The users right above and below, best first, without the user."""
    total_users: int
    position: Position

    @property
    def percentile(self) -> float:
        """The share of the other users ranked below, from 0 to 100; 100 for a single user."""
        others = self.total_users - 1
        if others == 0:
            return 100.0
        return 100.0 * (self.total_users - self.user.rank) / others

"""Positions in the history of a contest."""

from functools import lru_cache
from typing import NamedTuple

_CACHED_EPOCHS = 16_384
"""Epochs whose season is kept, since it is needed for every commit."""


class Position(NamedTuple):
    """A point in the history of one contest: epoch and revision.

    Positions of one epoch are ordered by revision; positions of two epochs can't be compared.
    """

    epoch: str
    """Identifies one history of the contest. Empty before the first change."""

    revision: int
    """The number of applied changes, from 0."""

    def reaches(self, other: "Position") -> bool:
        """Return whether this is the other position or a later one of the same history."""
        if other == BEGINNING:
            return True
        return self.epoch == other.epoch and self.revision >= other.revision

    @property
    def season(self) -> int:
        """The number of the season, from 1; 0 for a contest that does not exist."""
        return season_of(self.epoch)


@lru_cache(_CACHED_EPOCHS)
def season_of(epoch: str) -> int:
    """Return the number of the season that an epoch is of; 0 for the empty epoch.

    From the second season on an epoch ends with `_` and the number.
    """
    _, _, number = epoch.rpartition("_")
    if number != epoch and number.isdecimal():
        return int(number)
    return 1 if epoch else 0


BEGINNING = Position("", 0)
"""The start of every contest, before its first change."""

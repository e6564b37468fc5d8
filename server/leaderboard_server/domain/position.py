"""Points in the history of a contest."""

from typing import NamedTuple


class Position(NamedTuple):
    """A point in the history of one contest.

    Positions of one contest are ordered by revision within one epoch; those of two epochs can't
    be compared.
    """

    epoch: str
    """Names one history of the contest. Empty before its first change."""

    revision: int
    """How many changes were applied, from 0."""

    def reaches(self, other: "Position") -> bool:
        """Tell whether this position is the other one or a later one of the same history."""
        if other == BEGINNING:
            return True
        return self.epoch == other.epoch and self.revision >= other.revision


BEGINNING = Position("", 0)
"""Where every contest starts: before its first change."""

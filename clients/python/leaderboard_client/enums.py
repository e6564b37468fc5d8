"""The words of the contract that callers choose from, or are told, as plain enumerations."""

from __future__ import annotations

from enum import IntEnum


class UpdateMode(IntEnum):
    """How points are applied to a score."""

    INCREMENT = 1
    """Adds the points to the score."""

    SET = 2
    """Makes the points the score."""

    BEST = 3
    """Makes the points the score if they are higher; a new user gets them in any case."""


class WatchScope(IntEnum):
    """What a watch is told of a contest."""

    TOP = 1
    """What touches the first ranks, up to the limit."""

    ALL = 2
    """Every change of the contest."""

    USERS = 3
    """Every change of the users that the watch names."""


class SnapshotReason(IntEnum):
    """Why a board was told as a whole."""

    UNKNOWN = 0
    """A reason that this version of the client does not know."""

    INITIAL = 1
    """The watch begins."""

    HISTORY_TRIMMED = 2
    """The history no longer holds all that was missed."""

    NEW_EPOCH = 3
    """The contest has another history: it was lost, reset or rolled back."""

    LAGGED = 4
    """The watcher fell too far behind."""

    AHEAD = 5
    """The watcher knew of later changes than the contest has."""

    @classmethod
    def _missing_(cls, _value: object) -> SnapshotReason:
        return cls.UNKNOWN

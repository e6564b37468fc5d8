"""Enumerations of the contract, as callers use them."""

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
    """The changes that a watch receives."""

    TOP = 1
    """Changes of the first ranks, up to the limit."""

    ALL = 2
    """Every change of the contest."""

    USERS = 3
    """Every change of the users that the watch names."""


class SnapshotReason(IntEnum):
    """Why a watch received the whole board instead of changes."""

    UNKNOWN = 0
    """A reason that this version of the client does not know."""

    INITIAL = 1
    """The watch begins."""

    HISTORY_TRIMMED = 2
    """The server's history no longer holds all the changes that the watch missed."""

    NEW_EPOCH = 3
    """The contest's history is a different one: it was lost, reset or rolled back."""

    LAGGED = 4
    """The watch fell too far behind."""

    AHEAD = 5
    """The watch was at a later position than the contest."""

    @classmethod
    def _missing_(cls, _value: object) -> "SnapshotReason":
        return cls.UNKNOWN

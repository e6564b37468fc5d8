"""Enumerations of the contract, as callers use them."""

from enum import IntEnum


class UpdateMode(IntEnum):
    """How points are applied to a score."""

    UNSPECIFIED = 0
    """As the rules of the contest say: INCREMENT, unless they have another `default_mode`."""

    INCREMENT = 1
    """Adds the points to the score."""

    SET = 2
    """Makes the points the score."""

    BEST = 3
    """Makes the points the score if they are better; a new user gets them in any case."""


class Order(IntEnum):
    """Which scores are better."""

    UNKNOWN = 0
    """An order that this version of the client does not know."""

    HIGHEST_FIRST = 1
    """Higher scores, as of points."""

    LOWEST_FIRST = 2
    """Lower scores, as of times."""

    @classmethod
    def _missing_(cls, _value: object) -> "Order":
        return cls.UNKNOWN


class TieBreak(IntEnum):
    """Which of equal scores comes first."""

    UNKNOWN = 0
    """A rule that this version of the client does not know."""

    FIRST_REACHED = 1
    """The one that was reached first."""

    LAST_REACHED = 2
    """The one that was reached last."""

    @classmethod
    def _missing_(cls, _value: object) -> "TieBreak":
        return cls.UNKNOWN


class RankStyle(IntEnum):
    """How ranks are counted, such as those of the scores 9, 7, 7, 5."""

    UNKNOWN = 0
    """A style that this version of the client does not know."""

    ORDINAL = 1
    """Each row has a rank of its own: 1, 2, 3, 4."""

    COMPETITION = 2
    """Equal scores share a rank, and as many ranks are left out: 1, 2, 2, 4."""

    DENSE = 3
    """Equal scores share a rank, and no rank is left out: 1, 2, 2, 3."""

    @classmethod
    def _missing_(cls, _value: object) -> "RankStyle":
        return cls.UNKNOWN


class ContestState(IntEnum):
    """The state of a contest, by the clock of the store."""

    UNKNOWN = 0
    """A state that this version of the client does not know."""

    SCHEDULED = 1
    """It has not started: writes are refused."""

    OPEN = 2
    """Writes are accepted."""

    CLOSED = 3
    """It is over: writes are refused, and watches end after the last change."""

    @classmethod
    def _missing_(cls, _value: object) -> "ContestState":
        return cls.UNKNOWN


class WatchScope(IntEnum):
    """The changes that a watch receives."""

    TOP = 1
    """Changes of the first rows, up to the limit."""

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
    """The contest's history is a different one: it was lost or rolled back, or the contest was
    deleted and began again."""

    LAGGED = 4
    """The watch fell too far behind."""

    AHEAD = 5
    """The watch was at a later position than the contest."""

    NEW_SEASON = 6
    """The season is over and another one has begun, with an empty board."""

    CONTEST_UPDATED = 7
    """The settings of the contest were changed."""

    @classmethod
    def _missing_(cls, _value: object) -> "SnapshotReason":
        return cls.UNKNOWN

"""The rules of a contest: the order of its rows, the style of its ranks, and bounds."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

MAX_SCORE = 2**53
"""The largest absolute value of points and scores, inclusive: larger integers are not exact as
doubles, and so neither as Redis scores nor as JSON numbers."""


class Order(StrEnum):
    """The scores that are better."""

    HIGHEST_FIRST = "highest_first"
    LOWEST_FIRST = "lowest_first"


class TieBreak(StrEnum):
    """The one of equal scores that comes first."""

    FIRST_REACHED = "first_reached"
    LAST_REACHED = "last_reached"


class RankStyle(StrEnum):
    """The way in which ranks are counted."""

    ORDINAL = "ordinal"
    """Each row has a rank of its own, which is its place: 1, 2, 3, 4."""
    COMPETITION = "competition"
    """Equal scores share a rank, and as many ranks are left out: 1, 2, 2, 4."""
    DENSE = "dense"
    """Equal scores share a rank, and no rank is left out: 1, 2, 2, 3."""


class UpdateMode(StrEnum):
    """The way points are applied to a score."""

    UNSPECIFIED = ""
    """As the rules say; not a mode of rules themselves."""
    INCREMENT = "increment"
    SET = "set"
    BEST = "best"


class Rules(NamedTuple):
    """The rules of one contest; those of a contest that was not created are the defaults."""

    order: Order = Order.HIGHEST_FIRST
    tie_break: TieBreak = TieBreak.FIRST_REACHED
    rank_style: RankStyle = RankStyle.ORDINAL
    default_mode: UpdateMode = UpdateMode.INCREMENT
    """The mode of updates that name none."""
    min_score: int | None = None
    """The least score that a write may lead to. None: -2^53."""
    max_score: int | None = None
    """The greatest score that a write may lead to. None: 2^53."""
    max_points: int | None = None
    """The most points that one update adds or takes away, from 1. None: 2^53."""


DEFAULT_RULES = Rules()


def shown_ranks(
    style: RankStyle, scores: Sequence[int], first_place: int = 1, first_rank: int = 1
) -> Iterator[int]:
    """Yield the ranks of consecutive rows.

    Args:
        style: The way in which they are counted.

        scores: The scores of the rows.

        first_place: The place of the first row.

        first_rank: The rank of the first row, which may share it with rows before it.
    """
    if style is RankStyle.ORDINAL:
        yield from range(first_place, first_place + len(scores))
        return
    rank, before = first_rank, scores[0] if scores else 0
    for place, score in enumerate(scores, first_place):
        if score != before:
            rank = place if style is RankStyle.COMPETITION else rank + 1
            before = score
        yield rank

"""The rows of a board in the order of its rules, with their places and ranks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from model.records import (
    Attributes,
    Order,
    RankedUser,
    RankStyle,
    Rules,
    TieBreak,
)


@dataclass(frozen=True)
class Standing:
    """One user's row; `reached` is the revision that led to the score."""

    user_id: str
    score: int
    reached: int
    display_name: str
    attributes: Attributes = ()


Board = Mapping[str, Standing]


def is_better(score: int, other: int, rules: Rules) -> bool:
    """Return whether a score is better than another one."""
    return score < other if rules.order is Order.LOWEST_FIRST else score > other


def ranking(board: Board, rules: Rules) -> list[RankedUser]:
    """Return all users, best first."""

    def order(user: Standing) -> tuple[int, int]:
        score = user.score if rules.order is Order.LOWEST_FIRST else -user.score
        last_first = rules.tie_break is TieBreak.LAST_REACHED
        return score, -user.reached if last_first else user.reached

    ordered = sorted(board.values(), key=order)
    ranks = shown_ranks([user.score for user in ordered], rules.rank_style)
    return [
        RankedUser(user.user_id, user.score, rank, user.display_name, place, user.attributes)
        for place, (user, rank) in enumerate(zip(ordered, ranks, strict=True), start=1)
    ]


def shown_ranks(scores: Sequence[int], style: RankStyle) -> list[int]:
    """Return the ranks of all rows, given their scores, best first."""
    places = list(range(1, len(scores) + 1))
    match style:
        case RankStyle.ORDINAL:
            return places
        case RankStyle.COMPETITION:
            first_places = dict(reversed(list(zip(scores, places, strict=True))))
            return [first_places[score] for score in scores]
        case RankStyle.DENSE:
            distinct = list(dict.fromkeys(scores))
            numbers = {score: number for number, score in enumerate(distinct, start=1)}
            return [numbers[score] for score in scores]


def find(ranked: Sequence[RankedUser], user_id: str) -> RankedUser:
    """Return a user that is ranked."""
    return next(user for user in ranked if user.user_id == user_id)


def unranked(row: Standing) -> RankedUser:
    """Return the row of a user that is not on the board."""
    return RankedUser(row.user_id, row.score, 0, row.display_name, 0, row.attributes)


def newcomer(board: Board, score: int, rules: Rules) -> RankedUser:
    """Return a user of no other name that reaches a score after all others have theirs."""
    latest = max((user.reached for user in board.values()), default=0)
    stranger = Standing("no user id: it has spaces", score, latest + 1, "")
    return find(ranking({**board, stranger.user_id: stranger}, rules), stranger.user_id)


def around(ranked: Sequence[RankedUser], index: int, count: int) -> tuple[RankedUser, ...]:
    """Return `count` consecutive rows centred on a row, moved at the ends of the board."""
    first = index - (count - 1) // 2
    first = max(0, min(first, len(ranked) - count))
    return tuple(ranked[first : first + count])


def percentile(ranked: Sequence[RankedUser], rank: int) -> float:
    """Return the share of the other users with a worse rank, 0 to 100; 100 for a single user."""
    if len(ranked) == 1:
        return 100.0
    worse = [user for user in ranked if user.rank > rank]
    return round(100 * len(worse) / (len(ranked) - 1), 9)

"""The same boards in plain Python, with which the results of the store are compared."""

import random
from bisect import bisect_left, bisect_right
from typing import NamedTuple

from benchmarks.rules.boards import initial_score
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.rules import Order, RankStyle

_MOST_POINTS = 1_000
_REACHED_BITS = 40


class Move(NamedTuple):
    """An update of one user, which changes its score."""

    user: int
    points: int
    before: int
    after: int
    revision: int


class PlainScores:
    """The scores of all boards of the same number of distinct scores, in whatever order."""

    def __init__(self, users: int, distinct: int) -> None:
        self.scores = [initial_score(user, distinct) for user in range(users)]
        self.reached = list(range(1, users + 1))
        """The revision at which each user reached its score."""
        self.revision = users

    def move(self, count: int, choice: random.Random) -> list[Move]:
        """Change the scores of random users."""
        return [self._move(choice) for _ in range(count)]

    def _move(self, choice: random.Random) -> Move:
        user = choice.randrange(len(self.scores))
        points = choice.choice((-1, 1)) * choice.randint(1, _MOST_POINTS)
        before = self.scores[user]
        self.revision += 1
        self.scores[user], self.reached[user] = before + points, self.revision
        return Move(user, points, before, before + points, self.revision)


class PlainBoard:
    """The rows of the scores in one order, as long as the scores don't change."""

    def __init__(self, plain: PlainScores, order: Order) -> None:
        self._sign = 1 if order is Order.LOWEST_FIRST else -1
        scores, reached = plain.scores, plain.reached
        sort_keys = [
            (self._sign * score << _REACHED_BITS) + at
            for score, at in zip(scores, reached, strict=True)
        ]
        self._users = sorted(range(len(scores)), key=sort_keys.__getitem__)
        self._scores = [self._sign * scores[user] for user in self._users]
        """What rows are sorted by: rising scores, or rising negated ones."""
        self._competition, self._dense = _shared_ranks(self._scores)
        self._places = [0] * len(scores)
        for place, user in enumerate(self._users, 1):
            self._places[user] = place

    def rows(self, style: RankStyle, first_place: int, count: int) -> list[RankedUser]:
        """Return consecutive rows."""
        last = min(first_place + count - 1, len(self._users))
        return [self._row(style, place) for place in range(first_place, last + 1)]

    def user(self, style: RankStyle, user: int) -> RankedUser:
        """Return the row of a user."""
        return self._row(style, self._places[user])

    def score_rank(
        self, style: RankStyle, score: int, count: int
    ) -> tuple[int, int, list[RankedUser]]:
        """Return rank and place of a user who reached a score now, and the rows around it."""
        users, sorted_by = len(self._users), self._sign * score
        better = bisect_left(self._scores, sorted_by)
        place = bisect_right(self._scores, sorted_by) + 1
        rank = place
        if style is RankStyle.COMPETITION:
            rank = better + 1
        elif style is RankStyle.DENSE:
            rank = self._dense[better] if better < users else self._dense[-1] + 1
        first = max(1, min(min(better, users - 1) + 1 - (count - 1) // 2, users - count + 1))
        return rank, place, self.rows(style, first, count)

    def _row(self, style: RankStyle, place: int) -> RankedUser:
        index = place - 1
        rank = place
        if style is not RankStyle.ORDINAL:
            ranks = self._dense if style is RankStyle.DENSE else self._competition
            rank = ranks[index]
        score = self._sign * self._scores[index]
        return RankedUser(f"u{self._users[index]}", score, rank, "", place)


def _shared_ranks(scores: list[int]) -> tuple[list[int], list[int]]:
    """Return the competition and the dense rank of each row."""
    competition, dense = [], []
    before: int | None = None
    first = different = 0
    for place, score in enumerate(scores, 1):
        if score != before:
            before, first, different = score, place, different + 1
        competition.append(first)
        dense.append(different)
    return competition, dense

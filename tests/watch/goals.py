"""Real goals in the order in which they were scored, and the board after each of them."""

import csv
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable

from harness.watched_board import Row
from leaderboard.v1 import leaderboard_pb2 as pb
from model.test_international_goals import EVENTS

__all__ = ["DEPTH", "EVENTS", "ContestGoals", "read_goals"]

DEPTH = 50
"""The number of ranks that are kept of each state of a board."""


class ContestGoals:
    """
    The goals of one contest, and its board after each of them.

    Every goal scores, so the revision of a contest is the number of its goals so far.
    """

    def __init__(self, contest_id: str) -> None:
        self.contest_id = contest_id
        self.updates: list[pb.UpdateScoreRequest] = []
        self._rows: dict[str, Row] = {}
        self._order: list[tuple[int, int, str]] = []
        self._reached: dict[str, int] = {}
        self._tops: list[tuple[Row, ...]] = [()]
        self._of_user: defaultdict[str, list[tuple[int, Row]]] = defaultdict(list)

    def add(self, goal: dict[str, str], line: int) -> None:
        """Add the next goal, from this line of the file."""
        user_id, points = goal["user_id"], int(goal["points"])
        assert points > 0, f"line {line} changes nothing"
        self.updates.append(
            pb.UpdateScoreRequest(
                contest_id=self.contest_id,
                user_id=user_id,
                points=points,
                request_id=f"line-{line}",
                event_type=goal["event_type"],
                display_name=goal["display_name"],
            )
        )
        revision, before = len(self.updates), self._rows.get(user_id)
        if before:
            place = bisect_left(self._order, (-before.score, self._reached[user_id], user_id))
            del self._order[place]
        row = Row(user_id, (before.score if before else 0) + points, goal["display_name"])
        self._rows[user_id] = row
        self._reached[user_id] = revision
        insort(self._order, (-row.score, revision, user_id))
        self._tops.append(tuple(self._rows[leader] for *_, leader in self._order[:DEPTH]))
        self._of_user[user_id].append((revision, row))

    @property
    def board(self) -> tuple[Row, ...]:
        """The whole board after the last goal, best first."""
        return tuple(self._rows[user_id] for *_, user_id in self._order)

    def top(self, revision: int, limit: int) -> tuple[Row, ...]:
        """Return up to `DEPTH` first ranks at a revision."""
        assert limit <= DEPTH, "not kept"
        return self._tops[revision][:limit]

    def of_users(self, revision: int, user_ids: Iterable[str]) -> set[Row]:
        """Return the rows of the given users that have scored up to the revision."""
        rows = set()
        for user_id in user_ids:
            history = self._of_user.get(user_id, [])
            past = bisect_right(history, revision, key=lambda entry: entry[0])
            if past:
                rows.add(history[past - 1][1])
        return rows


def read_goals(count: int | None = None) -> list[ContestGoals]:
    """Read the first goals of the file, or all, by contest, most goals first."""
    contests: dict[str, ContestGoals] = {}
    with EVENTS.open(newline="", encoding="utf-8") as file:
        for line, goal in enumerate(csv.DictReader(file)):
            if line == count:
                break
            contest_id = goal["contest_id"]
            contests.setdefault(contest_id, ContestGoals(contest_id)).add(goal, line)
    return sorted(contests.values(), key=lambda contest: -len(contest.updates))

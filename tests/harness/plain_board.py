"""A board in plain Python that makes the commits which tests apply."""

from enum import StrEnum
from typing import NamedTuple

from leaderboard_server.domain.board import Page, RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.rules import DEFAULT_RULES, Order, RankStyle, Rules, TieBreak


class Act(StrEnum):
    """What a step does to a user."""

    UPDATE = "update"
    REMOVE = "remove"
    HIDE = "hide"
    UNHIDE = "unhide"


class Step(NamedTuple):
    """A change to make: points to add to a user's score, or another name; or another act."""

    user_id: str
    points: int
    name: str = ""
    act: Act = Act.UPDATE


class PlainBoard:
    """A board that is sorted for every read: by score, and then by the time it was reached."""

    def __init__(self, rules: Rules = DEFAULT_RULES) -> None:
        self.position = BEGINNING
        self._rules = rules
        self._users: dict[str, tuple[int, int, str]] = {}
        self._hidden: dict[str, tuple[int, int, str] | None] = {}

    def ranked(self) -> list[RankedUser]:
        """Return all users, best first."""
        order = sorted(self._users.items(), key=self._order)
        return [
            RankedUser(user_id, score, self._rank(place, score), name, place)
            for place, (user_id, (score, _, name)) in enumerate(order, 1)
        ]

    def _order(self, item: tuple[str, tuple[int, int, str]]) -> tuple[int, int]:
        _, (score, reached, _) = item
        last_first = self._rules.tie_break is TieBreak.LAST_REACHED
        return -self._goodness(score), -reached if last_first else reached

    def _goodness(self, score: int) -> int:
        return -score if self._rules.order is Order.LOWEST_FIRST else score

    def _rank(self, place: int, score: int) -> int:
        if self._rules.rank_style is RankStyle.ORDINAL:
            return place
        scores = [other for other, _, _ in self._users.values()]
        better = [each for each in scores if self._goodness(each) > self._goodness(score)]
        return 1 + len(set(better) if self._rules.rank_style is RankStyle.DENSE else better)

    def page(self, count: int) -> Page:
        """Return the first ranks."""
        rows = tuple(self.ranked()[:count])
        return Page(rows, len(self._users), self.position, self._rules)

    def commit(self, steps: list[Step], epoch: str = "one") -> Commit:
        """Make the changes in one commit; steps that change nothing are left out."""
        before, changes, unseen = self.position, list[ScoreChange](), list[int]()
        for step in steps:
            revision = self.position.revision
            change = self._take(step, epoch)
            if change:
                changes.append(change)
            elif self.position.revision > revision:
                unseen.append(self.position.revision)
        return Commit(
            "contest",
            self.position.epoch,
            before.revision,
            self.position.revision,
            len(self._users),
            tuple(changes),
            tuple(unseen),
        )

    def _take(self, step: Step, epoch: str) -> ScoreChange | None:
        """Make a step; return the change of a row, if there is one."""
        user_id, hidden = step.user_id, step.user_id in self._hidden
        if step.act is Act.UNHIDE:
            return self._unhide(user_id, epoch) if hidden else None
        if step.act is Act.UPDATE:
            if not hidden:
                return self._apply(step, epoch)
            self._write_hidden(step, epoch)
            return None
        if step.act is Act.HIDE and not hidden:
            self._hidden[user_id] = self._users.get(user_id)
        elif step.act is Act.REMOVE:
            self._hidden.pop(user_id, None)
        return self._remove(user_id, epoch)

    def _remove(self, user_id: str, epoch: str) -> ScoreChange | None:
        rank, place = self._rank_and_place(user_id)
        if not place:
            return None
        del self._users[user_id]
        self.position = Position(epoch, self.position.revision + 1)
        return ScoreChange(RankedUser(user_id, 0, 0, "", 0), rank, place, 0, "", None)

    def _unhide(self, user_id: str, epoch: str) -> ScoreChange | None:
        row = self._hidden.pop(user_id)
        if not row:
            return None
        self.position = Position(epoch, self.position.revision + 1)
        self._users[user_id] = row
        rank, place = self._rank_and_place(user_id)
        return ScoreChange(RankedUser(user_id, row[0], rank, row[2], place), 0, 0, 0, "", None)

    def _write_hidden(self, step: Step, epoch: str) -> None:
        score, reached, name = self._hidden[step.user_id] or (0, 0, "")
        self.position = Position(epoch, self.position.revision + 1)
        reached = self.position.revision if step.points or not reached else reached
        self._hidden[step.user_id] = score + step.points, reached, step.name or name

    def _apply(self, step: Step, epoch: str) -> ScoreChange | None:
        score, reached, name = self._users.get(step.user_id, (0, 0, ""))
        new_name = step.name or name
        if step.user_id in self._users and not step.points and new_name == name:
            return None
        previous_rank, previous_place = self._rank_and_place(step.user_id)
        self.position = Position(epoch, self.position.revision + 1)
        if step.points or not previous_place:
            reached = self.position.revision
        self._users[step.user_id] = (score + step.points, reached, new_name)
        rank, place = self._rank_and_place(step.user_id)
        user = RankedUser(step.user_id, score + step.points, rank, new_name, place)
        return ScoreChange(user, previous_rank, previous_place, step.points, "", None)

    def _rank_and_place(self, user_id: str) -> tuple[int, int]:
        rows = ((row.rank, row.place) for row in self.ranked() if row.user_id == user_id)
        return next(rows, (0, 0))

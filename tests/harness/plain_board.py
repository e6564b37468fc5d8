"""A board in plain Python that makes the commits which tests apply."""

from typing import NamedTuple

from leaderboard_server.domain.board import Page, RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.position import BEGINNING, Position


class Step(NamedTuple):
    """A change to make: points to add to a user's score, or another name."""

    user_id: str
    points: int
    name: str = ""


class PlainBoard:
    """A board that is sorted for every read: by score, and then by the time it was reached."""

    def __init__(self) -> None:
        self.position = BEGINNING
        self._users: dict[str, tuple[int, int, str]] = {}

    def ranked(self) -> list[RankedUser]:
        """Return all users, best first."""
        order = sorted(self._users.items(), key=lambda item: (-item[1][0], item[1][1]))
        return [
            RankedUser(user_id, score, rank, name, rank)
            for rank, (user_id, (score, _, name)) in enumerate(order, 1)
        ]

    def page(self, count: int) -> Page:
        """Return the first ranks."""
        return Page(tuple(self.ranked()[:count]), len(self._users), self.position)

    def commit(self, steps: list[Step], epoch: str = "one") -> Commit:
        """Make the changes in one commit; steps that change nothing are left out."""
        before = self.position
        changes = [change for step in steps if (change := self._apply(step, epoch))]
        return Commit(
            "contest",
            epoch,
            before.revision,
            self.position.revision,
            len(self._users),
            tuple(changes),
        )

    def _apply(self, step: Step, epoch: str) -> ScoreChange | None:
        score, reached, name = self._users.get(step.user_id, (0, 0, ""))
        new_name = step.name or name
        if step.user_id in self._users and not step.points and new_name == name:
            return None
        previous_rank = self._rank(step.user_id)
        self.position = Position(epoch, self.position.revision + 1)
        if step.points or not previous_rank:
            reached = self.position.revision
        self._users[step.user_id] = (score + step.points, reached, new_name)
        rank = self._rank(step.user_id)
        user = RankedUser(step.user_id, score + step.points, rank, new_name, rank)
        return ScoreChange(user, previous_rank, previous_rank, step.points, "", None)

    def _rank(self, user_id: str) -> int:
        ranks = (user.rank for user in self.ranked() if user.user_id == user_id)
        return next(ranks, 0)

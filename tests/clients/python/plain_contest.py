"""A contest in plain Python that sends a watcher its changes, as the contract says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import RankedUser


class Write(NamedTuple):
    """A change of one user's row."""

    user_id: str
    points: int
    team: str = ""


class Removal(NamedTuple):
    """The removal of one user's row; without one it changes nothing."""

    user_id: str


Step: TypeAlias = Write | Removal
"""A write or a removal."""


class _Row(NamedTuple):
    score: int
    reached: int
    team: str


@dataclass
class PlainContest:
    """A contest that is sorted for every read."""

    rules: pb.ContestRules
    limit: int
    """How many rows a watcher watches."""
    users: frozenset[str] = frozenset()
    """The users that are watched with the scope USERS."""
    revision: int = 0
    rows: dict[str, _Row] = field(default_factory=dict)
    most_rows: int = 0
    """The most rows that it had at once."""

    def board(self) -> list[RankedUser]:
        """Return all rows, best first."""
        order = sorted(self.rows, key=self._key)
        return [
            RankedUser(
                self._rank(self.rows[name].score, place),
                name,
                self.rows[name].score,
                "",
                place,
                {"team": self.rows[name].team},
            )
            for place, name in enumerate(order, 1)
        ]

    def top(self) -> tuple[RankedUser, ...]:
        """Return the watched first rows."""
        return tuple(self.board()[: self.limit])

    def snapshot(self, scope: pb.WatchScope) -> pb.WatchContestResponse:
        """Return the first message of a watch."""
        rows: Sequence[RankedUser] = self.top()
        if scope == pb.WATCH_SCOPE_USERS:
            rows = [row for row in self.board() if row.user_id in self.users]
        return pb.WatchContestResponse(
            position=self._position(),
            snapshot=pb.Snapshot(
                users=map(_message, rows), total_users=len(self.rows), rules=self.rules
            ),
        )

    def write(self, scope: pb.WatchScope, steps: Iterable[Step]) -> pb.WatchContestResponse:
        """Make writes and removals, and return the message about them."""
        after = self.revision
        changes = [
            change
            for step in steps
            for change in (
                self._write(scope, step)
                if isinstance(step, Write)
                else self._remove(scope, step.user_id)
            )
        ]
        message = pb.WatchContestResponse(position=self._position(), previous_revision=after)
        if changes:
            message.changes.changes.extend(changes)
            message.changes.total_users = len(self.rows)
        else:
            message.progress.SetInParent()
        return message

    def _write(self, scope: pb.WatchScope, write: Write) -> list[pb.ScoreChange]:
        user_id = write.user_id
        before = {row.user_id: row for row in self.board()}
        held = self.rows.get(user_id, _Row(0, 0, ""))
        self.revision += 1
        moved = bool(write.points) or user_id not in self.rows
        reached = self.revision if moved else held.reached
        self.rows[user_id] = _Row(held.score + write.points, reached, write.team or held.team)
        self.most_rows = max(self.most_rows, len(self.rows))
        after = {row.user_id: row for row in self.board()}
        if scope != pb.WATCH_SCOPE_TOP:
            sent = scope == pb.WATCH_SCOPE_ALL or user_id in self.users
            return [_change(after[user_id], before.get(user_id))] if sent else []
        touched = min(row.place for row in (before.get(user_id), after[user_id]) if row is not None)
        if touched > self.limit:
            return []
        return [_change(after[user_id], before.get(user_id)), *self._entered(user_id, before)]

    def _remove(self, scope: pb.WatchScope, user_id: str) -> list[pb.ScoreChange]:
        before = {row.user_id: row for row in self.board()}
        if self.rows.pop(user_id, None) is None:
            return []
        self.revision += 1
        held = before[user_id]
        removed = pb.ScoreChange(
            user=pb.RankedUser(user_id=user_id),
            previous_rank=held.rank,
            previous_place=held.place,
            removed=True,
        )
        if scope != pb.WATCH_SCOPE_TOP:
            return [removed] if scope == pb.WATCH_SCOPE_ALL or user_id in self.users else []
        return [removed, *self._entered(user_id, before)] if held.place <= self.limit else []

    def _entered(self, user_id: str, before: Mapping[str, RankedUser]) -> Iterable[pb.ScoreChange]:
        """Yield the rows of other users that were beyond the limit before."""
        for row in self.top():
            if row.user_id != user_id and before[row.user_id].place > self.limit:
                yield _change(row, None)

    def _key(self, name: str) -> tuple[int, int]:
        row = self.rows[name]
        last = self.rules.tie_break == pb.TIE_BREAK_LAST_REACHED
        return self._sign() * row.score, -row.reached if last else row.reached

    def _rank(self, score: int, place: int) -> int:
        better = [
            row.score
            for row in self.rows.values()
            if self._sign() * row.score < self._sign() * score
        ]
        if self.rules.rank_style == pb.RANK_STYLE_COMPETITION:
            return len(better) + 1
        if self.rules.rank_style == pb.RANK_STYLE_DENSE:
            return len(set(better)) + 1
        return place

    def _sign(self) -> int:
        return 1 if self.rules.order == pb.ORDER_LOWEST_FIRST else -1

    def _position(self) -> pb.Position:
        return pb.Position(epoch="e", revision=self.revision)


def _message(row: RankedUser) -> pb.RankedUser:
    return pb.RankedUser(
        user_id=row.user_id,
        score=row.score,
        rank=row.rank,
        place=row.place,
        attributes=row.attributes,
    )


def _change(row: RankedUser, before: RankedUser | None) -> pb.ScoreChange:
    if before is None:
        return pb.ScoreChange(user=_message(row))
    return pb.ScoreChange(
        user=_message(row), previous_rank=before.rank, previous_place=before.place
    )

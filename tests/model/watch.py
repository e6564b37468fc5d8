"""Watches of one run, whose boards are compared with the model at every position they were at."""

from dataclasses import dataclass, field, replace

import grpc

from harness.watched_board import RankedRow
from harness.watcher import Watcher
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from model.board import Service
from model.contest_records import ContestState
from model.epochs import Epochs
from model.records import Position, RankedUser
from model.remote_contests import rules_of_message


@dataclass
class Seen:
    """The board of a watcher after a message; `known` unless a snapshot has to come first."""

    position: pb.Position
    ranked: tuple[RankedRow, ...]
    rules: pb.ContestRules
    known: bool
    ended: pb.EndReason | None
    beyond_erasure: bool
    """Whether it resumes from before an erasure without a snapshot."""


@dataclass
class Watch:
    """A watcher of one contest, and what it saw since it was last compared."""

    contest_id: str
    scope: pb.WatchScope
    limit: int
    user_ids: tuple[str, ...]
    epochs: Epochs
    seen: list[Seen] = field(default_factory=list)
    via: int = 0
    """The server of the last stream."""
    snapshot_due: bool = False
    """Whether the next message has to be a snapshot."""

    def __post_init__(self) -> None:
        """Make the watcher."""
        self._snapshots = 0
        self.watcher = Watcher(
            self.contest_id,
            scope=self.scope,
            limit=self.limit,
            user_ids=self.user_ids,
            inspect=self._see,
            hidden_users=True,
        )

    def _see(self, checker: WatchChecker) -> None:
        snapshots = checker.reasons.total()
        self.seen.append(
            Seen(
                checker.position,
                checker.ranked,
                checker.rules,
                checker.known,
                checker.ended,
                beyond_erasure=self.snapshot_due and snapshots == self._snapshots,
            )
        )
        self._snapshots = snapshots
        self.snapshot_due = False

    @property
    def position(self) -> Position:
        """The position of the last message."""
        return self.epochs.read(self.contest_id, self.watcher.checker.position)

    @property
    def has_ended(self) -> bool:
        """Whether the stream ended, also because the server had to read a store that was away."""
        failure = self.watcher.failure
        lost_store = failure is not None and failure.code() == grpc.StatusCode.UNAVAILABLE
        return lost_store or self.watcher.checker.ended is not None

    async def open(self, stub: LeaderboardServiceStub, model: Service) -> None:
        """Watch at a server: from the start, or from where an earlier stream ended."""
        checker, present = self.watcher.checker, model.present(self.contest_id)
        position = self.position
        same_history = position.history == present.history
        self.snapshot_due = same_history and position.revision < present.erased
        await self.watcher.open(stub, resume_after=checker.position if checker.states else None)

    async def catch_up(self, model: Service) -> None:
        """Wait until the watcher has the current board and settings, or the stream has ended."""
        event = f"{self}: at {model.position(self.contest_id)} {model.board(self.contest_id)}"
        await self.watcher.until(lambda: self.has_ended or self.has_all(model), event)

    def has_all(self, model: Service) -> bool:
        """Return whether the watcher has the current board and settings, and ended if it must.

        Only the scope ALL reaches every position with a change: the others are sent nothing of
        other rows, and none of them anything of hidden users.
        """
        contest, checker = model.present(self.contest_id), self.watcher.checker
        due = contest.settings_revision
        if self.scope == pb.WATCH_SCOPE_ALL:
            due = contest.visible_revision
        order = model.order(self.contest_id, self.position)
        if order < (contest.history, due):
            return False
        is_over = contest.now.settings.state is ContestState.CLOSED
        if is_over != self.has_ended:
            return False
        rows = model.board(self.contest_id)
        return not checker.known or not self._differs(checker.ranked, rows)

    def compare(self, model: Service) -> None:
        """Compare each board that was seen with the model's of the same position."""
        seen, self.seen = self.seen, []
        for each in seen:
            at = self.epochs.read(self.contest_id, each.position)
            assert not each.beyond_erasure, f"{self}: changes from before an erasure, up to {at}"
            self._compare_end(each.ended, at, model)
            if not each.known:
                continue
            difference = self._differs(each.ranked, model.board(self.contest_id, at=at))
            assert not difference, f"{self}: {difference} at {at}"
            rules = model.settings(self.contest_id, at=at).rules
            assert rules_of_message(each.rules) == rules, f"{self}: rules at {at}"

    def _compare_end(self, ended: pb.EndReason | None, at: Position, model: Service) -> None:
        if ended == pb.END_REASON_CONTEST_OVER:
            state = model.settings(self.contest_id, at=at).state
            assert state is ContestState.CLOSED, f"{self}: it is {state} at {at}"
        elif ended is not None:
            assert ended == pb.END_REASON_CONTEST_DELETED, f"{self}: ended for {ended}"
            history = model.present(self.contest_id).history
            assert at.history < history, f"{self}: history {at.history} of {history} is deleted"

    def _differs(self, ranked: tuple[RankedRow, ...], rows: list[RankedUser]) -> str | None:
        """Compare a board with all rows of the contest, and return a difference."""
        held, due = list(map(_user, ranked)), rows
        if self.scope == pb.WATCH_SCOPE_TOP:
            due = rows[: self.limit]
        elif self.scope == pb.WATCH_SCOPE_USERS:
            # Places and ranks are those of each user's own last change.
            held = sorted((_without_rank(row) for row in held), key=lambda row: row.user_id)
            some = (row for row in rows if row.user_id in self.user_ids)
            due = sorted(map(_without_rank, some), key=lambda row: row.user_id)
        return None if held == due else f"{held} in place of {due}"

    def __str__(self) -> str:
        scope = pb.WatchScope.Name(self.scope).removeprefix("WATCH_SCOPE_")
        return f"watch {scope} {self.user_ids or self.limit} of {self.contest_id}"


def _without_rank(user: RankedUser) -> RankedUser:
    return replace(user, rank=0, place=0)


def _user(row: RankedRow) -> RankedUser:
    return RankedUser(*row)

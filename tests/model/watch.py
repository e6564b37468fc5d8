"""Watches of one run, whose boards are compared with the model at every position they were at."""

from dataclasses import dataclass, field, replace

import grpc

from harness.watched_board import RankedRow
from harness.watcher import Watcher
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from model.board import Service
from model.records import RankedUser
from model.remote_contests import rules_of_message


@dataclass
class Seen:
    """The board of a watcher after a message; `known` unless a snapshot has to come first."""

    revision: int
    ranked: tuple[RankedRow, ...]
    rules: pb.ContestRules
    known: bool


@dataclass
class Watch:
    """A watcher of one contest, and what it saw since it was last compared."""

    contest_id: str
    scope: pb.WatchScope
    limit: int
    user_ids: tuple[str, ...] = ()
    seen: list[Seen] = field(default_factory=list)
    via: int = 0
    """The server of the last stream."""

    def __post_init__(self) -> None:
        """Make the watcher."""
        self.watcher = Watcher(
            self.contest_id,
            scope=self.scope,
            limit=self.limit,
            user_ids=self.user_ids,
            inspect=self._see,
        )

    def _see(self, checker: WatchChecker) -> None:
        revision = checker.position.revision
        self.seen.append(Seen(revision, checker.ranked, checker.rules, checker.known))

    @property
    def lost_store(self) -> bool:
        """Whether the stream ended because the server had to read the store, which was away."""
        failure = self.watcher.failure
        return failure is not None and failure.code() == grpc.StatusCode.UNAVAILABLE

    async def open(self, stub: LeaderboardServiceStub) -> None:
        """Watch at a server: from the start, or from where an earlier stream ended."""
        checker = self.watcher.checker
        await self.watcher.open(stub, resume_after=checker.position if checker.states else None)

    async def catch_up(self, model: Service) -> None:
        """Wait until the watcher has the current board and settings.

        Only the scope ALL reaches every position: the others are sent nothing of other rows.
        """
        rows = model.board(self.contest_id)
        due = model.settings_revision(self.contest_id)
        if self.scope == pb.WATCH_SCOPE_ALL:
            due = model.position(self.contest_id).revision
        checker = self.watcher.checker

        def caught_up() -> bool:
            reached = checker.position.revision >= due
            return reached and (not checker.known or not self._differs(checker.ranked, rows))

        await self.watcher.until(caught_up, f"{self}: at {due} the rows {rows}")

    def compare(self, model: Service) -> None:
        """Compare each board that was seen with the model's of the same revision."""
        seen, self.seen = self.seen, []
        for each in seen:
            if not each.known:
                continue
            difference = self._differs(each.ranked, model.board(self.contest_id, at=each.revision))
            assert not difference, f"{self}: {difference} at {each.revision}"
            rules = model.rules(self.contest_id, at=each.revision)
            assert rules_of_message(each.rules) == rules, f"{self}: rules at {each.revision}"

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

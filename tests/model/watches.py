"""Watches of one run, whose boards are compared with the model at every position they were at."""

from dataclasses import dataclass, field, replace

from harness.watched_board import RankedRow
from harness.watcher import Watcher
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from model.board import Service
from model.records import RankedUser


@dataclass
class Seen:
    """The board of a watcher after a message; `known` unless a snapshot has to come first."""

    position: pb.Position
    ranked: tuple[RankedRow, ...]
    known: bool


@dataclass
class Watch:
    """A watcher of one contest, and what it saw since it was last compared."""

    contest_id: str
    scope: pb.WatchScope
    limit: int
    user_ids: tuple[str, ...] = ()
    seen: list[Seen] = field(default_factory=list)

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
        self.seen.append(Seen(checker.position, checker.ranked, checker.known))

    async def open(self, stub: LeaderboardServiceStub) -> None:
        """Watch at a server: from the start, or from where an earlier stream ended."""
        checker = self.watcher.checker
        await self.watcher.open(stub, resume_after=checker.position if checker.states else None)

    async def catch_up(self, rows: list[RankedUser], position: pb.Position) -> None:
        """Wait until the watcher has a board and, with the scope ALL, its position."""
        checker = self.watcher.checker

        def caught_up() -> bool:
            if self.scope == pb.WATCH_SCOPE_ALL and checker.position != position:
                return False
            return not checker.known or self._differs(checker.ranked, rows) is None

        await self.watcher.until(caught_up, f"{self}: the board of {position}: {rows}")

    def compare(self, model: Service) -> None:
        """Compare each board that was seen with the model's of the same revision."""
        seen, self.seen = self.seen, []
        for each in seen:
            rows = model.board(self.contest_id, at=each.position.revision)
            difference = self._differs(each.ranked, rows) if each.known else None
            assert not difference, f"{self}: {difference} at {each.position.revision}"

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

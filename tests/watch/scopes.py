"""One watcher of every scope, and their comparison with a board."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from harness.calls import top
from harness.waiting import eventually
from harness.watched_board import Row
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

CONTEST = "cup"
USERS = tuple(f"u{number}" for number in range(30))
WATCHED = USERS[:8]
TOP_LIMIT = 5


class ScopeWatchers:
    """One watcher for each scope, of a contest with no other users than `USERS`."""

    def __init__(self) -> None:
        self.top = Watcher(CONTEST, scope=pb.WATCH_SCOPE_TOP, limit=TOP_LIMIT)
        self.all = Watcher(CONTEST, scope=pb.WATCH_SCOPE_ALL, limit=1000)
        self.users = Watcher(CONTEST, scope=pb.WATCH_SCOPE_USERS, user_ids=WATCHED)

    @property
    def watchers(self) -> tuple[Watcher, Watcher, Watcher]:
        """All of them."""
        return self.top, self.all, self.users

    @contextlib.asynccontextmanager
    async def at(self, stub: LeaderboardServiceStub) -> AsyncIterator[None]:
        """Watch at a server until the block ends, from the start or resumed."""
        try:
            for watcher in self.watchers:
                after = watcher.checker.position if watcher.checker.states else None
                await watcher.open(stub, resume_after=after)
            yield
        finally:
            for watcher in self.watchers:
                await watcher.hang_up()

    def reasons(self) -> list[dict[str, int]]:
        """Return the number of snapshots of each watcher by reason."""
        return [dict(watcher.checker.reasons) for watcher in self.watchers]

    async def hold(self, stub: LeaderboardServiceStub, *, within: float = 10.0) -> None:
        """
        Wait until all have the board that a server reads, which no longer changes.

        Raises:
            AssertionError: They don't in time, or got a wrong message.
        """

        async def all_match() -> bool:
            self._compare(await top(stub, CONTEST))
            return True

        await eventually(all_match, "the board with every watcher", within=within)

    def _compare(self, board: pb.GetTopUsersResponse) -> None:
        rows = tuple(Row.of(user) for user in board.users)
        for watcher in self.watchers:
            assert watcher.failure is None
            assert watcher.checker.position.epoch == board.position.epoch
        assert self.all.checker.position.revision == board.position.revision
        assert self.all.checker.rows == rows
        assert self.top.checker.rows == rows[:TOP_LIMIT]
        assert set(self.users.checker.rows) == {row for row in rows if row.user_id in WATCHED}


def batch(
    number: int, *, users: Sequence[str] = USERS, name: str = ""
) -> pb.BatchUpdateScoresRequest:
    """Return a batch, the same for the same number, that changes every given user."""
    return pb.BatchUpdateScoresRequest(
        updates=[
            pb.UpdateScoreRequest(
                contest_id=CONTEST,
                user_id=user_id,
                points=1 + (number * 7 + place * 13) % 11,
                display_name=name,
            )
            for place, user_id in enumerate(users)
        ]
    )

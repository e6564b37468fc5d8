"""Watchers of several contests at several servers, and their comparison with the boards."""

import contextlib
from collections.abc import AsyncIterator, Collection, Sequence

import grpc

from harness.calls import top
from harness.service import ServiceProcess
from harness.waiting import eventually
from harness.watched_board import Row
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb

_TOP_LIMIT = 5
_WATCHED = tuple(f"u{number}" for number in range(30))


class ContestWatches:
    """For each contest watchers with the scopes ALL and USERS at one server, with TOP at the other.

    Those of USERS watch the first clients of `Writers`.
    """

    def __init__(self, servers: Sequence[ServiceProcess], contests: Sequence[str]) -> None:
        self._servers = servers
        self._all = {name: Watcher(name, scope=pb.WATCH_SCOPE_ALL, limit=1000) for name in contests}
        self._top = {name: Watcher(name, limit=_TOP_LIMIT) for name in contests}
        self._users = {
            name: Watcher(name, scope=pb.WATCH_SCOPE_USERS, user_ids=_WATCHED) for name in contests
        }

    def _of(self, contest_id: str) -> tuple[Watcher, Watcher, Watcher]:
        return self._all[contest_id], self._users[contest_id], self._top[contest_id]

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Watch until the block ends."""
        async with contextlib.AsyncExitStack() as stack:
            for number, contest_id in enumerate(self._all):
                whole, users, first = self._of(contest_id)
                for watcher, server in ((whole, number), (users, number), (first, number + 1)):
                    await stack.enter_async_context(watcher)
                    await watcher.open(self._servers[server % len(self._servers)].stub)
            yield

    async def until_new_epochs(self, contests: Collection[str]) -> None:
        """
        Wait until all watchers of these contests have got a new epoch.

        Raises:
            AssertionError: They don't in time.
        """
        for contest_id in contests:
            for watcher in self._of(contest_id):
                await watcher.snapshot("NEW_EPOCH")

    async def hold(self, *, within: float = 20.0) -> None:
        """
        Wait until all have the boards that are read, which no longer change.

        Raises:
            AssertionError: They don't in time, or got a wrong message.
        """
        for contest_id in self._all:
            await eventually(
                lambda: self._match(contest_id),  # noqa: B023 - awaited within the turn
                f"the board of {contest_id} with its watchers",
                within=within,
            )

    async def _match(self, contest_id: str) -> bool:
        try:
            board = await top(self._servers[0].stub, contest_id)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.UNAVAILABLE:
                return False  # the server has not found the new master yet
            raise
        users = self._users[contest_id]
        assert users.failure is None
        rows = {Row.of(user) for user in board.users if user.user_id in _WATCHED}
        assert {*users.checker.rows} == rows
        for watcher, limit in ((self._all[contest_id], 1000), (self._top[contest_id], _TOP_LIMIT)):
            assert watcher.failure is None
            del board.users[limit:]
            if limit == _TOP_LIMIT:
                # A write below its limit is no news for this watcher.
                assert watcher.checker.position.epoch == board.position.epoch
                board.position.CopyFrom(watcher.checker.position)
            watcher.checker.assert_equals(board)
        return True

    def assert_reasons(self, new_epochs: Collection[str] = ()) -> None:
        """Check that there was one new epoch in each of these contests, and no other snapshot."""
        for contest_id in self._all:
            due = {"INITIAL": 1} | ({"NEW_EPOCH": 1} if contest_id in new_epochs else {})
            for watcher in self._of(contest_id):
                found = dict(watcher.checker.reasons)
                assert found == due, f"{contest_id}: {found}, not {due}"

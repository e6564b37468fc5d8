"""Clients that write to several contests with request ids, and what must hold of their writes."""

import asyncio
import contextlib
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from typing import NamedTuple

import grpc

from harness.calls import top
from harness.service import ServiceProcess
from harness.statuses import status_of
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb

_PAUSE_S = 0.1
"""The pause of a client after each write."""
_RETRY_S = 0.05
_WITHIN_S = 60.0
"""Time for all attempts of a write: generous, since each fault is over long before."""


class Write(NamedTuple):
    """An acknowledged write."""

    request: pb.UpdateScoreRequest
    answer: pb.UpdateScoreResponse
    at: float
    """When it was acknowledged."""


class Failure(NamedTuple):
    """A failed attempt."""

    contest_id: str
    seconds: float
    """How long it took to fail."""
    error: grpc.aio.AioRpcError


class Writers:
    """
    Clients that each add single points for a user of their own, to contests that they share evenly.

    An attempt that fails is repeated at the next server.

    Attributes:
        writes: The acknowledged writes.
        failures: The failed attempts.
    """

    def __init__(
        self, servers: Sequence[ServiceProcess], contests: Sequence[str], *, clients: int
    ) -> None:
        self.writes: list[Write] = []
        self.failures: list[Failure] = []
        self._servers = servers
        self._contest_of = [contests[client % len(contests)] for client in range(clients)]
        self._done: Counter[int] = Counter()
        """The number of acknowledged writes of each client."""
        self._due: int | None = None
        """The number of writes of each client at the end, once that has come."""

    @contextlib.asynccontextmanager
    async def writing(self, contests: Collection[str] = ()) -> AsyncIterator[None]:
        """Write, to all contests or some, until the block ends and all users have equal scores.

        So the order of a board is then that in which the users reached their score.
        """
        clients = [n for n, name in enumerate(self._contest_of) if name in (contests or (name,))]
        self._due = None
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(self._run(client))
            yield
            self._due = max(self._done.values(), default=0) + 1

    async def more_writes(self, count: int, contests: Collection[str] = ()) -> None:
        """
        Wait for further acknowledged writes to each of some contests, or of all.

        Raises:
            AssertionError: They were not acknowledged in time.
        """
        before, due = len(self.writes), contests or set(self._contest_of)

        def look() -> bool:
            new = Counter(write.request.contest_id for write in self.writes[before:])
            missing = {name: new[name] for name in due if new[name] < count}
            assert not missing, f"{missing} of {count}"
            return True

        await eventually(look, f"{count} more acknowledged writes each", within=60)

    def longest_pause(self, contests: Collection[str]) -> float:
        """Return the longest time between two writes to the same one of these contests."""
        times = defaultdict[str, list[float]](list)
        for write in self.writes:
            times[write.request.contest_id].append(write.at)
        return max(
            after - before
            for contest_id in contests
            for before, after in itertools.pairwise(times[contest_id])
        )

    def assert_honest(self) -> None:
        """Check that every failed attempt was UNAVAILABLE, for the store, with a time to retry."""
        for failure in self.failures:
            status = status_of(failure.error)
            assert status.code is grpc.StatusCode.UNAVAILABLE, f"{failure.contest_id}: {status}"
            assert status.reason == "ERROR_REASON_STORE_UNAVAILABLE", status
            assert status.retry_after is not None

    def assert_none_failed(self, contests: Collection[str]) -> None:
        """Check that no attempt to write to these contests failed."""
        failed = [failure for failure in self.failures if failure.contest_id in contests]
        assert not failed, f"{len(failed)} failed, first {failed[0]}"

    async def repeat_all(self) -> Counter[str]:
        """Repeat every write, in the order of each user; return how many had been lost by contest.

        Those are acknowledged once more, as new ones.
        """
        lost: Counter[str] = Counter()
        written, self.writes = self.writes, []
        of_users = defaultdict[str, list[Write]](list)
        for write in written:
            of_users[write.request.user_id].append(write)

        async def repeat(client: int, writes: list[Write]) -> None:
            for write in writes:
                again = await self._acknowledged(write.request, client)
                lost[write.request.contest_id] += not again.answer.replayed
                self.writes.append(again)

        await asyncio.gather(*itertools.starmap(repeat, enumerate(of_users.values())))
        return +lost

    async def assert_exact(self) -> None:
        """Check at each server that every write counts once, and that ties are in their order.

        To be called after `repeat_all`.
        """
        for contest_id in set(self._contest_of):
            due = self._due_board(contest_id)
            for server in self._servers:
                board = await top(
                    server.stub, contest_id, min_position=self._last_position(contest_id)
                )
                found = [(user.user_id, user.score) for user in board.users]
                assert found == due, f"{contest_id}: {found}, not {due}"

    def _last_position(self, contest_id: str) -> pb.Position:
        """Return the latest acknowledged position of a contest."""
        known = [w.answer.position for w in self.writes if w.request.contest_id == contest_id]
        present = [position for position in known if position.epoch == known[-1].epoch]
        return max(present, key=lambda position: position.revision)

    def _due_board(self, contest_id: str) -> list[tuple[str, int]]:
        points: Counter[str] = Counter()
        reached: Counter[str] = Counter()
        for request, answer, _ in self.writes:
            if request.contest_id == contest_id:
                points[request.user_id] += request.points
                # A lost write may count again after those that followed it.
                before, now = reached[request.user_id], answer.position.revision
                reached[request.user_id] = max(before, now)
        order = sorted(points, key=lambda user_id: (-points[user_id], reached[user_id]))
        return [(user_id, points[user_id]) for user_id in order]

    async def _run(self, client: int) -> None:
        while self._due is None or self._done[client] < self._due:
            number = self._done[client] + 1
            request = pb.UpdateScoreRequest(
                contest_id=self._contest_of[client],
                user_id=f"u{client}",
                points=1,
                request_id=f"u{client}-{number}",
            )
            self.writes.append(await self._acknowledged(request, client + number))
            self._done[client] = number
            await asyncio.sleep(_PAUSE_S)

    async def _acknowledged(self, request: pb.UpdateScoreRequest, first: int) -> Write:
        """Send a write until it is acknowledged, by one server after the other."""
        async with asyncio.timeout(_WITHIN_S):
            for attempt in itertools.count(first):
                server = self._servers[attempt % len(self._servers)]
                sent = time.monotonic()
                try:
                    answer = await server.stub.UpdateScore(request, timeout=10)
                except grpc.aio.AioRpcError as error:
                    seconds = time.monotonic() - sent
                    self.failures.append(Failure(request.contest_id, seconds, error))
                    await asyncio.sleep(_RETRY_S)
                else:
                    return Write(request, answer, time.monotonic())
        raise AssertionError("the attempts have no end")

"""A load that does not wait for its calls, so that a slow call delays none of the others."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple, Self

import grpc

from harness.service import ServiceProcess
from leaderboard.v1 import leaderboard_pb2 as pb

_USERS = 50


class Call(NamedTuple):
    """A call that was due at a time."""

    due: float
    seconds: float
    """From when it was due until its end."""
    error: grpc.aio.AioRpcError | None


class OpenLoop:
    """
    Writes to some contests in turn, at a fixed rate, for as long as the block lasts.

    Attributes:
        calls: The calls that ended.
    """

    def __init__(
        self, servers: Sequence[ServiceProcess], contests: Sequence[str], *, rate: float
    ) -> None:
        self.calls: list[Call] = []
        self._servers = servers
        self._contests = contests
        self._rate = rate
        self._task: asyncio.Task[None] | None = None
        self._in_flight: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, *self._in_flight, return_exceptions=True)

    def percentile(self, share: float, since: float, until: float) -> float:
        """Return the time that a share of the calls needed that were due between two times."""
        seconds = sorted(call.seconds for call in self.calls if since <= call.due < until)
        return seconds[int(len(seconds) * share)]

    def assert_none_failed(self) -> None:
        """Check that no call failed."""
        failed = [call for call in self.calls if call.error]
        assert not failed, f"{len(failed)} of {len(self.calls)} failed, first {failed[0]}"

    async def _run(self) -> None:
        begun = time.monotonic()
        for number in itertools.count():
            due = begun + number / self._rate
            await asyncio.sleep(due - time.monotonic())
            task = asyncio.create_task(self._call(number, due))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)

    async def _call(self, number: int, due: float) -> None:
        stub = self._servers[number % len(self._servers)].stub
        request = pb.UpdateScoreRequest(
            contest_id=self._contests[number % len(self._contests)],
            user_id=f"open-{number % _USERS}",
            points=1,
        )
        error = None
        try:
            await stub.UpdateScore(request, timeout=10)
        except grpc.aio.AioRpcError as failure:
            error = failure
        self.calls.append(Call(due, time.monotonic() - due, error))

"""Watches that are opened and cancelled at a steady rate, and the server's footprint."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from typing import NamedTuple, Self

import grpc
import psutil

from harness.service import CHANNEL_OPTIONS, ServiceProcess
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

RATE = 50
"""Watches that are opened per second."""
CONTESTS = [f"churn-{number}" for number in range(20)]
USERS = [f"u{number}" for number in range(50)]

_LONGEST_S = 1.0
_WRITES_EVERY_S = 0.05
_OWN_CHANNEL_SHARE = 0.1
_SCOPES = (pb.WATCH_SCOPE_TOP, pb.WATCH_SCOPE_ALL, pb.WATCH_SCOPE_USERS)


class Footprint(NamedTuple):
    """The resources of a process."""

    memory_mib: float
    files: int
    threads: int

    @classmethod
    def of(cls, service: ServiceProcess) -> Self:
        """Measure a service."""
        process = psutil.Process(service.process.pid)
        return cls(process.memory_info().rss / 2**20, process.num_fds(), process.num_threads())


class Churn:
    """
    Opens and cancels watches during writes.

    Attributes:
        opened: The number of opened watches.
        messages: The number of received messages.
    """

    def __init__(self, service: ServiceProcess) -> None:
        self.opened = 0
        self.messages = 0
        self._service = service
        self._chance = random.Random(0)
        self._watches: set[asyncio.Task[None]] = set()
        self._positions: dict[str, pb.Position] = {}

    @contextlib.asynccontextmanager
    async def writes(self) -> AsyncIterator[None]:
        """Write to random contests for a block."""
        task = asyncio.create_task(self._write())
        try:
            yield
            if task.done():
                task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def run(self, seconds: float) -> None:
        """Open watches for some seconds, and wait until all of them are cancelled."""
        loop = asyncio.get_running_loop()
        began, opened = loop.time(), 0
        while (now := loop.time() - began) < seconds:
            while opened < now * RATE:
                opened += 1
                task = asyncio.create_task(self._watch())
                self._watches.add(task)
                task.add_done_callback(self._ended)
            await asyncio.sleep(1 / RATE)
        while self._watches:
            await asyncio.wait(self._watches)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._watches.discard(task)
        task.result()

    async def _watch(self) -> None:
        """Open one watch, and cancel it before or after its first messages."""
        self.opened += 1
        if self._chance.random() < _OWN_CHANNEL_SHARE:
            async with grpc.aio.insecure_channel(
                self._service.address, options=CHANNEL_OPTIONS
            ) as channel:
                await self._read(LeaderboardServiceStub(channel))
        else:
            await self._read(self._service.stub)

    async def _read(self, stub: LeaderboardServiceStub) -> None:
        contest_id, scope = self._chance.choice(CONTESTS), self._chance.choice(_SCOPES)
        request = pb.WatchContestRequest(contest_id=contest_id, scope=scope)
        if scope == pb.WATCH_SCOPE_USERS:
            request.user_ids.extend(self._chance.sample(USERS, 5))
        if contest_id in self._positions and self._chance.random() < 0.5:
            request.resume_after.CopyFrom(self._positions[contest_id])
        call = stub.WatchContest(request)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_S * self._chance.random() ** 2):
                async for message in call:
                    self.messages += 1
                    self._positions[contest_id] = message.position
        call.cancel()

    async def _write(self) -> None:
        while True:
            await self._service.stub.UpdateScore(
                pb.UpdateScoreRequest(
                    contest_id=self._chance.choice(CONTESTS),
                    user_id=self._chance.choice(USERS),
                    points=self._chance.randint(-3, 5),
                )
            )
            await asyncio.sleep(_WRITES_EVERY_S)

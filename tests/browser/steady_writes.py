"""Writes at a steady rate, each of them repeated until it is acknowledged."""

import asyncio
import itertools
import random
import uuid
from types import TracebackType
from typing import Self

from harness.load import persist
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

_PATIENCE_S = 60.0
"""It only limits the time of a broken test."""


class SteadyWrites:
    """
    Adds points to random users of a contest as long as the block lasts.

    While the service is away the writes that are due wait for it, and are all acknowledged by the
    end of the block.
    """

    def __init__(
        self,
        stub: LeaderboardServiceStub,
        contest_id: str,
        *,
        per_second: float,
        users: int = 40,
    ) -> None:
        self._stub = stub
        self._contest_id = contest_id
        self._interval_s = 1 / per_second
        self._users = users
        self._random = random.Random(7)
        self._id = uuid.uuid4().hex
        self._acknowledged = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._stopping = asyncio.Event()
        self._task = asyncio.create_task(self._write_all())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._task is not None
        if error is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            return
        self._stopping.set()
        await self._task

    async def more(self, writes: int) -> None:
        """
        Wait for further acknowledged writes.

        Raises:
            AssertionError: They were not acknowledged in time.
        """
        due = self._acknowledged + writes

        def look() -> bool:
            if self._task is not None and self._task.done():
                self._task.result()
            return self._acknowledged >= due

        await eventually(look, f"{writes} more acknowledged writes", within=_PATIENCE_S)

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as writes:
            for number in itertools.count(1):
                writes.create_task(self._write(number))
                pause = began + number * self._interval_s - loop.time()
                try:
                    await asyncio.wait_for(self._stopping.wait(), max(pause, 0))
                except TimeoutError:
                    continue
                return

    async def _write(self, number: int) -> None:
        user = self._random.randrange(self._users)
        request = pb.UpdateScoreRequest(
            contest_id=self._contest_id,
            user_id=f"user-{user}",
            points=self._random.randint(1, 100),
            request_id=f"{self._id}-{number}",
            display_name=f"Player {user}",
        )
        await persist(self._stub, request, within=_PATIENCE_S)
        self._acknowledged += 1

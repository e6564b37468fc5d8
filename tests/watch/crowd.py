"""Many watchers that need little memory, and resume when they are disconnected."""

import asyncio
import itertools
import random
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

import grpc

from harness.service import CHANNEL_OPTIONS
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

_STREAMS_OF_A_CHANNEL = 100
_PAUSE_S = 0.2


class LightWatcher:
    """
    A watcher that keeps no board: it counts messages, and checks that there is no gap.

    Attributes:
        position: The position of the last message.
        changes: The number of changes that it got.
        snapshots: The number of snapshots that it got.
        streams: The number of streams that it opened.
    """

    def __init__(self, stub: LeaderboardServiceStub, request: pb.WatchContestRequest) -> None:
        self.position = pb.Position()
        self.changes = 0
        self.snapshots = 0
        self.streams = 0
        self._stub = stub
        self._request = pb.WatchContestRequest()
        self._request.CopyFrom(request)

    async def watch(self) -> None:
        """Watch until cancelled, on as many streams as necessary."""
        while True:
            self.streams += 1
            try:
                async for message in self._stub.WatchContest(self._request):
                    self._receive(message)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
            await asyncio.sleep(_PAUSE_S * random.random())

    def _receive(self, message: pb.WatchContestResponse) -> None:
        if message.HasField("snapshot"):
            self.snapshots += 1
        else:
            assert message.previous_revision == self.position.revision, "a gap"
            self.changes += len(message.changes.changes)
        self.position = message.position
        self._request.resume_after.CopyFrom(message.position)


class Crowd:
    """
    Watchers over many channels, until the end of the block.

    Attributes:
        watchers: All watchers.
    """

    def __init__(
        self, address: str, requests: Sequence[pb.WatchContestRequest], count: int
    ) -> None:
        """Create `count` watchers of a server, and give them the requests in turn."""
        self._channels = [
            grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
            for _ in range(-(-count // _STREAMS_OF_A_CHANNEL))
        ]
        stubs = itertools.cycle(LeaderboardServiceStub(channel) for channel in self._channels)
        self.watchers = [
            LightWatcher(next(stubs), request)
            for request in itertools.islice(itertools.cycle(requests), count)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(watcher.watch()) for watcher in self.watchers]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for channel in self._channels:
            await channel.close()

    async def until(
        self, holds: Callable[[LightWatcher], bool], event: str, *, within: float = 30.0
    ) -> None:
        """
        Wait until a condition holds for all watchers.

        Raises:
            AssertionError: The condition does not hold in time.
            RuntimeError: A watcher failed.
        """

        def look() -> bool:
            for task in self._tasks:
                if task.done():
                    raise RuntimeError("a watcher failed") from task.exception()
            return all(holds(watcher) for watcher in self.watchers)

        await eventually(look, event, within=within)

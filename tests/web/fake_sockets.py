"""WebSockets without a network, and a service whose watches the test makes."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

from harness.uncounted import web_watch_instruments
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.watch_update import WatchUpdate
from leaderboard_server.domain.position import Position
from leaderboard_server.tasks import TaskSet
from leaderboard_web.watch.connection import BrowserConnection
from leaderboard_web.watch.groups import WatchGroups
from leaderboard_web.watch.subscription import Subscription
from web.upstream import SERVICE_LOST, parsed, unframed


class FakeSocket:
    """
    A WebSocket that accepts all frames, or one until it is read.

    Attributes:
        frames: The frames that were written and not read.
        closed: The code and the reason with which it was closed.
        checker: Checks the messages that are read.
        outages: How often the service was reported as lost.
        close_sent: As uvicorn's connection has it.
    """

    def __init__(self, limit: int = 10, *, slow: bool = False) -> None:
        self.frames: list[bytes] = []
        self.closed: tuple[int, str] | None = None
        self.checker = WatchChecker(limit=limit, hidden_users=True)
        self.outages = 0
        self.close_sent = False
        self.writable = asyncio.Event()
        self.writable.set()
        self._slow = slow

    @property
    def transport(self) -> "FakeSocket":
        """The transport, which is the socket itself."""
        return self

    def write(self, data: bytes) -> None:
        """Take a frame."""
        assert self.writable.is_set(), "written to while the buffer is full"
        self.frames.append(data)
        if self._slow:
            self.writable.clear()

    async def send(self, event: Any) -> None:
        """Take an event of ASGI: only a close."""
        assert event["type"] == "websocket.close"
        self.close_sent = True
        self.closed = event["code"], event["reason"]

    def read(self) -> list[str]:
        """Check all messages that there are, and return their kinds."""
        frames, self.frames = self.frames, []
        kinds = [self._read(frame) for frame in frames]
        self.writable.set()
        return kinds

    def _read(self, frame: bytes) -> str:
        text = unframed(frame)
        if json.loads(text) == SERVICE_LOST:
            self.outages += 1
            return "lost"
        message = parsed(text)
        self.checker.feed(message)
        return message.WhichOneof("event") or ""


class FakeService:
    """
    A service whose watches yield what the test puts into `updates`, and end with an error.

    Attributes:
        started: The contest and limit of every watch that was started.
        open: The number of watches that are open.
    """

    def __init__(self) -> None:
        self.updates: asyncio.Queue[WatchUpdate | LeaderboardError | None] = asyncio.Queue()
        self.started: list[tuple[str, int]] = []
        self.open = 0

    async def watch(self, contest_id: str, limit: int) -> AsyncGenerator[WatchUpdate, None]:
        """Yield the updates of the queue up to None."""
        self.started.append((contest_id, limit))
        self.open += 1
        try:
            while update := await self.updates.get():
                if isinstance(update, LeaderboardError):
                    raise update
                yield update
        finally:
            self.open -= 1


class FakeGateway:
    """The groups of a gateway with a fake service."""

    def __init__(self, max_groups: int = 10) -> None:
        self.service = FakeService()
        self.instruments = web_watch_instruments()
        self.groups = WatchGroups(self.service, max_groups=max_groups, instruments=self.instruments)
        self._tasks = TaskSet(name="fake_socket")

    def join(
        self,
        socket: FakeSocket,
        after: Position | None = None,
        *,
        contest: str = "a",
        address: str = "192.0.2.1",
    ) -> Subscription:
        """Subscribe a socket; at a position of its checker or another one."""
        socket.checker.begin(
            None if after is None else pb.Position(epoch=after.epoch, revision=after.revision)
        )
        connection = BrowserConnection(socket, socket.send, self._tasks)
        return self.groups.group(contest, 10, address).subscribe(connection, after)

    def leave(self, subscription: Subscription, *, contest: str = "a") -> None:
        """Unsubscribe a socket."""
        self.groups.group(contest, 10, "").unsubscribe(subscription)

    async def push(self, *updates: WatchUpdate | LeaderboardError | None) -> None:
        """Let the service send updates, and wait until they are processed."""
        for update in updates:
            self.service.updates.put_nowait(update)
        await self.settle()

    async def settle(self) -> None:
        """Give all tasks turns."""
        for _ in range(20):
            await asyncio.sleep(0)

"""Watches a contest through a gateway as a browser does, and checks every message."""

import asyncio
import contextlib
import json
import socket
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from google.protobuf import json_format
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from harness.waiting import eventually
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb

_RECONNECT_S = 0.05
_SMALL_BUFFER = 4_096
_LAST_CODES = {1000, 1008, 1011}
"""Codes after which a browser does not come back."""
_SERVICE_LOST: dict[str, dict[str, str]] = {"serviceLost": {}}


class BrowserWatch:
    """
    A watch that comes back after each loss, at the position of its last message.

    Attributes:
        checker: Checks every message, and has the board.
        outages: How often the service was reported as lost.
        lost: Whether it is lost by the last message.
        closes: The codes with which the WebSockets were closed; 1006 without one.
        refused: How often a handshake was refused or failed.
        pause_s: The seconds after each message in which none is read.
    """

    def __init__(
        self, address: str, contest_id: str, *, limit: int = 10, pause_s: float = 0.0
    ) -> None:
        """Watch the first rows of a contest; with a pause also the buffers are small."""
        self.checker = WatchChecker(limit=limit, hidden_users=True)
        self.outages = 0
        self.lost = False
        self.closes: Counter[int] = Counter()
        self.refused = 0
        self.pause_s = pause_s
        self.contest_id = contest_id
        self.limit = limit
        self._address = address
        self._path = f"/v1/contests/{contest_id}/watch"
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.leave()

    def open(self, after: pb.Position | None = None) -> None:
        """Begin to watch, at a position or where it was left."""
        self._task = asyncio.create_task(self._watch(after))

    async def leave(self) -> None:
        """
        Go, without a word to the gateway; `open` comes back.

        Raises:
            AssertionError: There was a wrong message.
        """
        if self._task is not None:
            task, self._task = self._task, None
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def reach(self, position: pb.Position, *, within: float = 20.0) -> None:
        """Wait until everything up to a position of the current epoch was received."""

        def reached() -> bool:
            now = self.checker.position
            return now.epoch == position.epoch and now.revision >= position.revision

        await self.until(reached, f"a message up to revision {position.revision}", within=within)

    async def until(self, holds: Callable[[], bool], event: str, *, within: float = 20.0) -> None:
        """
        Wait for a condition.

        Raises:
            AssertionError: It did not come to hold, or there was a wrong message.
        """

        def look() -> bool:
            if self._task is not None and self._task.done():
                self._task.result()
            return holds()

        await eventually(look, event, within=within)

    async def ended(self, *, within: float = 20.0) -> None:
        """Wait until the gateway has closed the watch for good."""
        assert self._task is not None
        await eventually(self._task.done, "the end of the watch", within=within)
        await self._task

    async def _watch(self, after: pb.Position | None) -> None:
        resume = after
        if after is None and self.checker.known:
            resume = self.checker.position
        while True:
            code = await self._connect(resume)
            if code in _LAST_CODES:
                return
            await asyncio.sleep(_RECONNECT_S)
            if self.checker.states:
                resume = self.checker.position

    async def _connect(self, resume: pb.Position | None) -> int:
        """Watch over one WebSocket, and return the code with which it was closed."""
        query: dict[str, object] = {"limit": self.limit}
        if resume is not None:
            query["resume_after"] = f"{resume.epoch}:{resume.revision}"
        url = f"ws://{self._address}{self._path}?{urlencode(query)}"
        try:
            async with connect(
                url,
                sock=await self._socket(),
                subprotocols=[Subprotocol("leaderboard.v1")],
                compression=None,
                max_size=None,
                max_queue=1,
                ping_interval=None,
                proxy=None,
            ) as web_socket:
                self.checker.begin(resume)
                return await self._read(web_socket)
        except (OSError, InvalidHandshake, EOFError):
            self.refused += 1
            return 0

    async def _read(self, web_socket: ClientConnection) -> int:
        try:
            while True:
                self._feed(json.loads(await web_socket.recv()))
                if self.pause_s:
                    await asyncio.sleep(self.pause_s)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
            self.closes[code] += 1
            return code

    def _feed(self, message: dict[str, Any]) -> None:
        self.lost = message == _SERVICE_LOST
        self.outages += self.lost
        if not self.lost:
            self.checker.feed(json_format.ParseDict(message, pb.WatchContestResponse()))

    async def _socket(self) -> socket.socket:
        """Return a connected socket; that of a slow reader has a small buffer."""
        host, _, port = self._address.rpartition(":")
        made = socket.socket()
        try:
            if self.pause_s:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
            made.settimeout(0)
            await asyncio.get_running_loop().sock_connect(made, (host, int(port)))
        except BaseException:
            made.close()
            raise
        return made

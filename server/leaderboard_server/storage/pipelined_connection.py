"""One connection to the store on which many calls are under way at once.

The driver opens it (address, credentials, TLS, Sentinel) and hands its transport over. From then on
commands are only packed and replies only parsed, both by hiredis: that takes about 5 µs a call,
where a call through the driver takes 150.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import Any, TypeAlias

import hiredis
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as StoreTimeout

ANSWER_S = 2.0
"""How long the store may be silent while calls wait for it. The longest script takes about 0.1 s; a
store that is silent for longer hangs, and the connection is given up."""
LATE_S = 0.05
"""How long is waited once more then, for an answer that has come and was not read yet."""
OPEN_S = 1.0
"""How long opening may take in all; a store on the same network needs milliseconds."""
SEND_AT_ONCE = 8_192
"""From how many bytes on commands are sent before the end of the loop's turn, so that the store
begins with them meanwhile."""

Argument: TypeAlias = str | bytes | int
"""What a command is made of."""

_OTHER_STORE = ("READONLY", "LOADING", "MASTERDOWN")
"""How a store refuses that takes no writes, or not yet; there may be another one by now."""


class PipelinedConnection:
    """Calls the store. Opens when it is first called, and again when it was lost."""

    def __init__(self, redis: Redis) -> None:
        """Connect as a client of the driver would, which is not used itself."""
        self._redis = redis
        self._wire: _RespProtocol | None = None
        self._opening: asyncio.Task[_RespProtocol] | None = None

    def call(self, *command: Argument) -> Awaitable[Any]:
        """Return what the store answers to a command.

        Raises:
            ConnectionLost: The connection could not be opened, or was lost before the answer; the
                command may have taken effect.

            StoreTimeout: The store took too long; the same.

            NoScriptError: The store doesn't know the script.

            ResponseError: The store refuses the command.
        """
        wire = self._wire
        if wire and not wire.lost:
            return wire.call(command)
        return self._open_and_call(command)

    async def close(self) -> None:
        """Give the connection up, and with it what is under way."""
        if self._opening:
            self._opening.cancel()
        if self._wire:
            self._wire.lose(ConnectionLost("the link was closed"))
            await self._wire.closed()

    async def _open_and_call(self, command: tuple[Argument, ...]) -> Any:
        wire = await self._open()
        return await wire.call(command)

    async def _open(self) -> "_RespProtocol":
        if not self._opening:
            self._opening = asyncio.create_task(self._connect(), name="open-link")
            self._opening.add_done_callback(self._opened)
        return await asyncio.shield(self._opening)

    async def _connect(self) -> "_RespProtocol":
        pool: Any = self._redis.connection_pool  # the driver leaves this method without types
        connection = pool.make_connection()
        try:
            async with asyncio.timeout(OPEN_S):
                await connection.connect()
        except TimeoutError as error:
            await connection.disconnect(nowait=True)
            raise ConnectionLost("the store took too long to connect") from error
        self._wire = _RespProtocol(connection)
        return self._wire

    def _opened(self, task: asyncio.Task["_RespProtocol"]) -> None:
        self._opening = None
        if not task.cancelled():
            task.exception()  # those who wait have it


class _RespProtocol(asyncio.Protocol):
    """An open connection, until it is lost."""

    def __init__(self, connection: AbstractConnection) -> None:
        self.lost = False
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        # The driver has no other way to lend its transport; nothing is under way on it here.
        self._transport: Any = connection._writer.transport  # type: ignore[union-attr]  # noqa: SLF001
        self._transport.set_protocol(self)
        self._replies = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
        """Who waits for the next answers, in order."""
        self._heard_at = 0.0
        """When the store answered last, or was called while it had nothing to answer."""
        self._looked_twice = False
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._overdue: asyncio.TimerHandle | None = None
        self._farewell: asyncio.Task[None] | None = None

    def call(self, command: tuple[Argument, ...]) -> asyncio.Future[Any]:
        """Send a command at the end of this turn of the loop; see `PipelinedConnection.call`."""
        answer: asyncio.Future[Any] = self._loop.create_future()
        if self.lost:  # it may be lost between its opening and the turn of who waited for that
            answer.set_exception(ConnectionLost("the connection to the store was lost"))
            return answer
        if not self._waiting:
            self._heard_at = self._loop.time()
        self._waiting.append(answer)
        if not self._overdue:
            self._overdue = self._loop.call_later(ANSWER_S, self._look)
        if not self._unsent:
            self._loop.call_soon(self._send)
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stubs name one argument
        self._unsent.append(packed)
        self._unsent_bytes += len(packed)
        if self._unsent_bytes >= SEND_AT_ONCE:
            self._send()
        return answer

    def lose(self, error: Exception) -> None:
        """Give the connection up; who waits gets the error."""
        if self.lost:
            return
        self.lost = True
        self._transport.abort()
        self._farewell = asyncio.create_task(self._connection.disconnect(nowait=True))
        self._unsent.clear()
        if self._overdue:
            self._overdue.cancel()
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(error)

    async def closed(self) -> None:
        """Wait until nothing is left of a lost connection."""
        if self._farewell:
            await self._farewell

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._heard_at = self._loop.time()
        self._looked_twice = False
        self._replies.feed(data)
        while not self.lost and (reply := self._replies.gets()) is not False:
            answer = self._waiting.popleft()
            if isinstance(reply, hiredis.ReplyError):
                self._refuse(answer, str(reply))
            elif not answer.done():
                answer.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """See `asyncio.Protocol`."""
        self.lose(ConnectionLost("the connection to the store was lost"))

    def _refuse(self, answer: asyncio.Future[Any], text: str) -> None:
        error: Exception = ResponseError(text)
        if text.startswith("NOSCRIPT"):
            error = NoScriptError(text)
        elif text.startswith(_OTHER_STORE):
            error = ConnectionLost(text)
            self.lose(error)
        if not answer.done():
            answer.set_exception(error)

    def _send(self) -> None:
        if self._unsent:
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()
            self._unsent_bytes = 0

    def _look(self) -> None:
        """Give the connection up if the store has been silent for too long."""
        self._overdue = None
        if self._waiting:
            due = self._heard_at + ANSWER_S
            if due > self._loop.time():
                self._overdue = self._loop.call_at(due, self._look)
            elif not self._looked_twice:
                # Where this loop was late, the answer may lie in the socket: it is read first.
                self._looked_twice = True
                self._overdue = self._loop.call_later(LATE_S, self._look)
            else:
                self.lose(StoreTimeout("the store took too long"))

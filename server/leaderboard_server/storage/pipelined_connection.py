"""Sends many commands at once on one connection to the store.

The driver opens the connection (address, credentials, TLS, Sentinel) and hands over its transport.
After that commands are only packed and replies only parsed, both by hiredis: about 5 µs a call,
where a call through the driver takes 150.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import Any, Protocol, TypeAlias

import hiredis
import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as StoreTimeout

from leaderboard_server.tasks import SingleFlight

_log = structlog.get_logger()

REPLY_TIMEOUT_S = 2.0
"""How long the store may send nothing while calls wait for it. The longest script takes about
0.1 s; a store that is silent for longer hangs, and the connection is dropped."""
READ_GRACE_S = 0.05
"""How much longer a connection is kept then, for a reply that arrived but was not read yet."""
OPEN_TIMEOUT_S = 1.0
"""How long opening may take in all; a store on the same network needs milliseconds."""
FLUSH_BYTES = 8_192
"""From how many bytes on commands are sent before the end of the loop's turn, so that the store
begins to work meanwhile."""

Argument: TypeAlias = str | bytes | int
"""A part of a command."""

_NOT_WRITABLE = ("READONLY", "LOADING", "MASTERDOWN")
"""Errors of a store that takes no writes, or not yet; another one may be the master by now."""
_CLOSED = "the connection to the store was closed"


class ReplyReceiver(Protocol):
    """Gets the reply to one command. Its methods must not raise."""

    def on_reply(self, reply: Any) -> None:
        """Take the reply."""

    def on_error(self, error: Exception) -> None:
        """Take the error, of those of `PipelinedConnection.call`."""


class PipelinedConnection:
    """Calls the store. Opens on the first call, also on the first after a loss, until `close`."""

    def __init__(self, redis: Redis) -> None:
        """Connect as `redis` would; the client itself is not used."""
        self._redis = redis
        self._protocol: _RespProtocol | None = None
        self._closed = False
        self._opening = SingleFlight(self._open, name="open-store-connection")

    def call(self, *command: Argument) -> Awaitable[Any]:
        """Return the store's reply to a command.

        Raises:
            ConnectionLost: The connection could not be opened, or was lost before the reply; the
                command may have taken effect.

            StoreTimeout: The store took too long; the command may have taken effect.

            NoScriptError: The store doesn't know the script.

            ResponseError: The store rejects the command.
        """
        protocol = self._protocol
        if protocol and not protocol.lost:
            return protocol.call(command)
        return self._open_and_call(command)

    def send(self, command: tuple[Argument, ...], receiver: ReplyReceiver) -> bool:
        """Send a command if the connection is open; return whether it is."""
        protocol = self._protocol
        if not protocol or protocol.lost:
            return False
        protocol.send(command, receiver)
        return True

    async def close(self) -> None:
        """Drop the connection for good; calls in flight and later ones get `ConnectionLost`."""
        self._closed = True
        await self._opening.close()
        if self._protocol:
            self._protocol.abort(ConnectionLost(_CLOSED))
            await self._protocol.closed()

    async def _open_and_call(self, command: tuple[Argument, ...]) -> Any:
        if self._closed:
            raise ConnectionLost(_CLOSED)
        protocol = await self._opening.run()
        return await protocol.call(command)

    async def _open(self) -> "_RespProtocol":
        pool: Any = self._redis.connection_pool  # the driver leaves this method without types
        connection = pool.make_connection()
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await connection.connect()
        except BaseException as error:
            await connection.disconnect(nowait=True)
            if isinstance(error, TimeoutError):
                raise ConnectionLost("the store took too long to connect") from error
            if self._closed:  # the opening was cancelled, but not its callers
                raise ConnectionLost(_CLOSED) from error
            raise
        self._protocol = _RespProtocol(connection)
        return self._protocol


class _Reply(asyncio.Future[Any]):
    """The reply to one command, as a future."""

    def on_reply(self, reply: Any) -> None:
        """See `ReplyReceiver`."""
        if not self.done():
            self.set_result(reply)

    def on_error(self, error: Exception) -> None:
        """See `ReplyReceiver`."""
        if not self.done():
            self.set_exception(error)


class _RespProtocol(asyncio.Protocol):
    """An open connection, until it is lost."""

    def __init__(self, connection: AbstractConnection) -> None:
        self.lost = False
        self._loop = asyncio.get_running_loop()
        self._connection = connection
        # The driver has no public way to hand over its transport; it has no command in flight.
        self._transport: Any = connection._writer.transport  # type: ignore[union-attr]  # noqa: SLF001
        self._transport.set_protocol(self)
        self._parser = hiredis.Reader()
        self._waiting: deque[ReplyReceiver] = deque()
        """The receivers of the replies to the commands in flight, in order."""
        self._last_reply_at = 0.0
        """When the store replied last, or was called while no call was in flight."""
        self._grace_given = False
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        self._timeout_timer: asyncio.TimerHandle | None = None
        self._close_task: asyncio.Task[None] | None = None
        _log.debug("store_connection_opened", address=_address(self._transport))

    def call(self, command: tuple[Argument, ...]) -> asyncio.Future[Any]:
        """Return the reply to a command; see `PipelinedConnection.call`."""
        reply = _Reply(loop=self._loop)
        if self.lost:  # it may be lost between its opening and the turn of a call that waited
            reply.set_exception(ConnectionLost("the connection to the store was lost"))
        else:
            self.send(command, reply)
        return reply

    def send(self, command: tuple[Argument, ...], receiver: ReplyReceiver) -> None:
        """Send a command at the end of this turn of the loop."""
        # First, since a command that can't be encoded must have no receiver.
        packed = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stubs name one argument
        if not self._waiting:
            self._last_reply_at = self._loop.time()
        self._waiting.append(receiver)
        if not self._timeout_timer:
            self._timeout_timer = self._loop.call_later(REPLY_TIMEOUT_S, self._check_timeout)
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(packed)
        self._unsent_bytes += len(packed)
        if self._unsent_bytes >= FLUSH_BYTES:
            self._flush()

    def abort(self, error: Exception) -> None:
        """Drop the connection and fail all calls in flight with the error."""
        if self.lost:
            return
        self.lost = True
        _log.debug("store_connection_closed", reason=str(error), in_flight=len(self._waiting))
        self._transport.abort()
        self._close_task = asyncio.create_task(self._connection.disconnect(nowait=True))
        self._unsent.clear()
        if self._timeout_timer:
            self._timeout_timer.cancel()
        for receiver in self._waiting:
            receiver.on_error(error)

    async def closed(self) -> None:
        """Wait until a lost connection is closed."""
        if self._close_task:
            await self._close_task

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._last_reply_at = self._loop.time()
        self._grace_given = False
        self._parser.feed(data)
        while not self.lost and (value := self._parser.gets()) is not False:
            receiver = self._waiting.popleft()
            if isinstance(value, hiredis.ReplyError):
                self._fail(receiver, str(value))
            else:
                receiver.on_reply(value)
        self._flush()  # what the receivers sent, so that the store goes on before results are made

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """See `asyncio.Protocol`."""
        self.abort(ConnectionLost("the connection to the store was lost"))

    def _fail(self, receiver: ReplyReceiver, text: str) -> None:
        error: Exception = ResponseError(text)
        if text.startswith("NOSCRIPT"):
            error = NoScriptError(text)
        elif text.startswith(_NOT_WRITABLE):
            error = ConnectionLost(text)
            self.abort(error)
        receiver.on_error(error)

    def _flush(self) -> None:
        if self._unsent:
            self._transport.write(b"".join(self._unsent))
            self._unsent.clear()
            self._unsent_bytes = 0

    def _check_timeout(self) -> None:
        """Drop the connection if the store has sent nothing for too long."""
        self._timeout_timer = None
        if not self._waiting:
            return
        due = self._last_reply_at + REPLY_TIMEOUT_S
        if due > self._loop.time():
            self._timeout_timer = self._loop.call_at(due, self._check_timeout)
        elif not self._grace_given:
            # If this loop was late, the reply may be in the socket: it is read first.
            self._grace_given = True
            self._timeout_timer = self._loop.call_later(READ_GRACE_S, self._check_timeout)
        else:
            self.abort(StoreTimeout("the store took too long to reply"))


def _address(transport: asyncio.BaseTransport) -> str:
    """Return the address of the store that a connection leads to."""
    match transport.get_extra_info("peername"):
        case (host, port, *_):
            return f"{host}:{port}"
        case path:
            return str(path)

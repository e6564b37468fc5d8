"""An open connection to the store: packs commands and parses replies, both by hiredis."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import hiredis
import structlog
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, ResponseError
from redis.exceptions import TimeoutError as StoreTimeout

_log = structlog.get_logger()

REPLY_TIMEOUT_S = 2.0
"""How long the store may send nothing while calls wait for it. The longest script takes about
0.1 s; a store that is silent for longer hangs, and the connection is dropped."""
READ_GRACE_S = 0.05
"""How much longer a connection is kept then, for a reply that arrived but was not read yet."""
FLUSH_BYTES = 8_192
"""From how many bytes on commands are sent before the end of the loop's turn, so that the store
begins to work meanwhile."""

Argument: TypeAlias = str | bytes | int
"""A part of a command."""

_NOT_WRITABLE = ("READONLY", "LOADING", "MASTERDOWN")
"""Errors of a store that takes no writes, or not yet; another one may be the master by now."""


class ReplyReceiver(Protocol):
    """Gets the reply to one command. Its methods must not raise."""

    def on_reply(self, reply: Any) -> None:
        """Take the reply."""

    def on_error(self, error: Exception) -> None:
        """Take the error, of those of `PipelinedConnection.call`."""


class NoReply:
    """Drops the reply to a command."""

    def on_reply(self, reply: Any) -> None:
        """See `ReplyReceiver`."""

    def on_error(self, error: Exception) -> None:
        """See `ReplyReceiver`."""


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


class RespProtocol(asyncio.Protocol):
    """An open connection, until it is lost."""

    def __init__(
        self,
        connection: AbstractConnection,
        error_of: Callable[[str], Exception | None],
        on_lost: Callable[[BaseException], None],
        reply_timeout_s: float,
    ) -> None:
        self.lost = False
        self._reply_timeout_s = reply_timeout_s
        self._error_of = error_of
        self._on_lost = on_lost
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
            self._timeout_timer = self._loop.call_later(self._reply_timeout_s, self._check_timeout)
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
        self._on_lost(error)

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
        error = self._error_of(text) or ResponseError(text)
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
        due = self._last_reply_at + self._reply_timeout_s
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

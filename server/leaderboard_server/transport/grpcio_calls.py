"""The open unary calls of each connection on grpcio, with the answers that were not read yet.

grpcio shows no connections: a connection is what calls of one peer, an address with a port, share.
A call is open until gRPC has written its answer. So a connection that reads nothing has no more
answers waiting than it may have calls; and when these pass `MAX_UNREAD_BYTES`, later ones are not
handed to gRPC, which can't take them back.
"""

import asyncio
from functools import partial
from typing import Any

from leaderboard_server.transport.statuses import Overloaded, ReceiverStalled

MAX_UNREAD_BYTES = 4 * 2**20
"""Answers of one connection that gRPC holds until they are read. A first one may be larger."""


class OpenCalls:
    """The open unary calls of all connections."""

    def __init__(self, max_calls: int, write_timeout_s: float) -> None:
        """Allow `max_calls` of each connection, and its unread answers for the write timeout."""
        self._max_calls = max_calls
        self._write_timeout_s = write_timeout_s
        self._connections: dict[str, _Connection] = {}

    def open(self, context: Any) -> "OpenCall":
        """Count a call until it is done.

        Raises:
            Overloaded: Its connection has too many open calls.
        """
        peer = context.peer()
        connection = self._connections.get(peer)
        if connection is None:
            connection = self._connections[peer] = _Connection()
        elif connection.calls >= self._max_calls:
            raise Overloaded("connection")
        connection.calls += 1
        call = OpenCall(connection, self._write_timeout_s)
        context.add_done_callback(partial(self._close, peer, call))
        return call

    def _close(self, peer: str, call: "OpenCall", _context: object) -> None:
        connection = call.connection
        connection.calls -= 1
        if not connection.calls:
            del self._connections[peer]
        if call.answer_bytes:
            connection.remove_answer(call.answer_bytes)


class _Connection:
    """The calls and unread answers of one connection."""

    __slots__ = ("_read", "calls", "unread_bytes")

    def __init__(self) -> None:
        self.calls = 0
        self.unread_bytes = 0
        self._read: asyncio.Event | None = None
        """Set when an answer was read, if a call waits for that."""

    async def wait_for_room(self, size: int) -> None:
        """Wait until an answer of this size may be unread too."""
        while self.unread_bytes and self.unread_bytes + size > MAX_UNREAD_BYTES:
            self._read = self._read or asyncio.Event()
            await self._read.wait()

    def remove_answer(self, size: int) -> None:
        """Forget an answer that was read, or whose connection ended."""
        self.unread_bytes -= size
        if self._read:
            self._read.set()
            self._read = None


class OpenCall:
    """One open call."""

    __slots__ = ("_write_timeout_s", "answer_bytes", "connection")

    def __init__(self, connection: _Connection, write_timeout_s: float) -> None:
        self.connection = connection
        self.answer_bytes = 0
        self._write_timeout_s = write_timeout_s

    def has_room(self, message: bytes) -> bool:
        """Return whether the connection may have the answer unread too."""
        return self.connection.unread_bytes + len(message) <= MAX_UNREAD_BYTES

    async def wait_for_room(self, message: bytes) -> None:
        """Wait until the connection may have the answer unread.

        Raises:
            ReceiverStalled: The connection read no earlier answer for the write timeout.
        """
        try:
            async with asyncio.timeout(self._write_timeout_s):
                await self.connection.wait_for_room(len(message))
        except TimeoutError:
            raise ReceiverStalled from None

    def answer(self, message: bytes) -> None:
        """Count the answer as unread until the call is done."""
        self.answer_bytes = len(message)
        self.connection.unread_bytes += self.answer_bytes

"""The connection of one WebSocket, as far as a subscription needs it: whole frames, and their flow.

Messages are written as frames that all sockets share, not through ASGI's `send`, which would encode
each of them again and need a task for each socket: 7 µs for a message of 1 kB in place of 18, most
of it in the kernel.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

from starlette.types import Scope, Send

from leaderboard_server.tasks import TaskSet

EXTENSION = "leaderboard.connection"
"""The extension of the ASGI scope that has the server's connection."""

MAX_REASON_BYTES = 123
"""The room for a reason in the frame that closes a WebSocket."""


class Transport(Protocol):
    """The transport of a connection."""

    def write(self, data: bytes) -> None:
        """Send data or buffer it, unless the connection is closing."""


class ServerConnection(Protocol):
    """A connection of uvicorn's `websockets-sansio`, which is in the extensions of the scope.

    It limits the buffer of its transport, and aborts a connection that accepts nothing for the
    write timeout; the handler then receives the disconnect.
    """

    close_sent: bool
    writable: asyncio.Event
    """Set while the buffer is not full; also when the connection is lost."""

    @property
    def transport(self) -> Transport:
        """The transport."""


class BrowserConnection:
    """An accepted WebSocket."""

    __slots__ = ("_send", "_server", "_tasks")

    def __init__(self, server: ServerConnection, send: Send, tasks: TaskSet) -> None:
        """Take the server's connection, and ASGI's `send` of the same one."""
        self._server = server
        self._send = send
        self._tasks = tasks

    def write(self, frame: bytes) -> bool:
        """Send a frame; return whether the connection accepts another one."""
        server = self._server
        if not server.close_sent:
            server.transport.write(frame)
        return server.writable.is_set()

    def when_writable(self, callback: Callable[[], None]) -> None:
        """Call back once, when the connection accepts another frame or is lost."""
        self._tasks.start(self._await_writable(callback))

    def close(self, code: int, reason: str = "") -> None:
        """Close the WebSocket after what was written; the handler then receives the disconnect."""
        self._tasks.start(self._close(code, _shortened(reason)))

    async def _await_writable(self, callback: Callable[[], None]) -> None:
        await self._server.writable.wait()
        callback()

    async def _close(self, code: int, reason: str) -> None:
        await self._server.writable.wait()
        if not self._server.close_sent:
            with contextlib.suppress(OSError):  # it is lost
                await self._send({"type": "websocket.close", "code": code, "reason": reason})


def connection_of(scope: Scope, send: Send, tasks: TaskSet) -> BrowserConnection:
    """Return the connection of a WebSocket."""
    return BrowserConnection(scope["extensions"][EXTENSION], send, tasks)


def _shortened(reason: str) -> str:
    return reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")

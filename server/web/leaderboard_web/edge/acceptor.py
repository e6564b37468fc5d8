"""Accepts connections: counted from the first moment on, with a bounded TLS handshake.

Uvicorn would accept all connections, and count them only once a TLS handshake is complete.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

from leaderboard_web.edge.open_connections import OpenConnections, Slot
from leaderboard_web.edge.raw_responses import raw_response
from leaderboard_web.edge.tls import Certificate
from leaderboard_web.problems import Problem

HANDSHAKE_TIMEOUT_S = 10.0
"""How long a TLS handshake may take."""
_TLS_SHUTDOWN_TIMEOUT_S = 2.0
_AT_ONCE = 100
"""How many connections are accepted in one turn of the loop."""
_PAUSE_S = 0.1
"""The time after which accepting is tried again where the system refuses it."""


class Acceptor:
    """Accepts connections at a socket, from `start` to `close`."""

    def __init__(
        self,
        listening: socket.socket,
        open_connections: OpenConnections,
        make_connection: Callable[[Slot], asyncio.Protocol],
        certificate: Certificate | None,
    ) -> None:
        """Prepare to accept.

        Args:
            listening: The socket, which is closed at the end.

            open_connections: Keeps the limits of connections.

            make_connection: Makes the protocol of an accepted connection.

            certificate: For TLS; None for none.
        """
        self._listening = listening
        self._open_connections = open_connections
        self._make_connection = make_connection
        self._certificate = certificate
        self._opening: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_open(self) -> bool:
        """Whether the socket is open: false from `close` on."""
        return self._listening.fileno() >= 0

    def start(self) -> None:
        """Begin to accept."""
        self._listening.settimeout(0)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._listening, self._accept, self._loop)

    async def close(self) -> None:
        """Accept no more, and end TLS handshakes. May be called again."""
        if not self.is_open:
            return
        if self._loop:
            self._loop.remove_reader(self._listening)
        if self._retry:
            self._retry.cancel()
        self._listening.close()
        for task in self._opening:
            task.cancel()
        if self._opening:
            await asyncio.wait(self._opening)

    def _accept(self, loop: asyncio.AbstractEventLoop) -> None:
        for _ in range(_AT_ONCE):
            try:
                accepted, peer = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no file descriptor or memory is left
                loop.remove_reader(self._listening)
                self._retry = loop.call_later(
                    _PAUSE_S, loop.add_reader, self._listening, self._accept, loop
                )
                return
            accepted.settimeout(0)
            if slot := self._open_connections.admit(str(peer[0])):
                task = loop.create_task(self._open(loop, accepted, slot), name="open-connection")
                slot.abort = task.cancel
                self._opening.add(task)
                task.add_done_callback(self._opening.discard)
            else:
                self._refuse(accepted)

    async def _open(
        self, loop: asyncio.AbstractEventLoop, accepted: socket.socket, slot: Slot
    ) -> None:
        is_tls = self._certificate is not None
        try:
            await loop.connect_accepted_socket(
                lambda: self._make_connection(slot),
                accepted,
                ssl=self._certificate.context if self._certificate else None,
                ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S if is_tls else None,
                ssl_shutdown_timeout=_TLS_SHUTDOWN_TIMEOUT_S if is_tls else None,
            )
        except BaseException as error:
            slot.end()
            # An SSLError is an OSError, and so is the error of the time limit.
            if not isinstance(error, OSError):
                raise
            self._open_connections.count("malformed")

    def _refuse(self, accepted: socket.socket) -> None:
        problem = Problem(503, "too many connections are open", headers={"Retry-After": "1"})
        with accepted, contextlib.suppress(OSError):
            if not self._certificate:
                accepted.send(raw_response(problem))
                accepted.shutdown(socket.SHUT_WR)

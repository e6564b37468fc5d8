"""WebSocket connections: uvicorn's, with bounded buffers, and an end for peers that read nothing.

A watcher sends nothing but control frames, so all that it sends is bounded by one small budget.
"""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode
from websockets.http11 import Request

from leaderboard_web.edge.closing_transport import ClosingTransport
from leaderboard_web.edge.handshake import Handshake
from leaderboard_web.edge.open_connections import EndCause, OpenConnections, Slot
from leaderboard_web.edge.raw_responses import raw_response
from leaderboard_web.problems import Problem

CONNECTION = "leaderboard.connection"
"""The extension of the scope that has this connection, for an application that writes frames."""
MAX_MESSAGE_BYTES = 2**10
"""The most bytes of a message of a client, whose content is ignored anyway."""
PING_INTERVAL_S = 20.0
PING_TIMEOUT_S = 40.0
"""A ping waits behind messages, which a slow reader may take half a minute to read."""
HANDSHAKE_TIMEOUT_S = 30.0
"""How long the answer to a handshake may take."""
CLOSE_TIMEOUT_S = 3.0
"""How long the peer's half of a closing handshake may take."""
UNREAD_TIMEOUT_S = 30.0
"""How long a full buffer of messages may take to empty."""
BUFFER_BYTES = 16 * 2**10
"""The size from which on no further message is put into the buffer of a connection."""
UNSENT_BYTES = 16 * 2**10
"""What may wait in the system's buffer because the peer does not take it, where else there is room
for megabytes: it is old when it arrives, can't be merged any more, and delays pings, so that a slow
reader would seem to be gone. What is on its way to the peer is not bounded by it."""
BUDGET_BYTES = 4 * 2**10
"""How much a client may send in `BUDGET_S`: a pong takes 10 bytes."""
BUDGET_S = 10.0
_PIECE_BYTES = 512
"""What is parsed at once, so that a flood ends before all of it has become frames."""


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A WebSocket connection, from its handshake on."""

    def __init__(self, open_connections: OpenConnections, slot: Slot, **uvicorn: Any) -> None:
        """Take the slot of the HTTP connection that asked for the upgrade."""
        super().__init__(**uvicorn)
        self.close_timeout = CLOSE_TIMEOUT_S
        self.conn = Handshake(max_size=self.config.ws_max_size, logger=self.logger)
        self._open_connections = open_connections
        self._slot = slot
        self._timer: asyncio.TimerHandle | None = None
        self._budget = 0
        self._budget_until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with the handshake."""
        super().connection_made(transport)
        assert isinstance(transport, ClosingTransport)
        self._closing = transport
        self.transport.set_write_buffer_limits(high=BUFFER_BYTES)
        if system := transport.get_extra_info("socket"):
            system.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self._start_timer(HANDSHAKE_TIMEOUT_S)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop_timer()
        self._slot.end()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what was received, in pieces."""
        if self.transport.is_closing():
            self._closing.drop(data)
            return
        if self.handshake_initiated and not self.handshake_complete:
            self._end("malformed")  # a client sends nothing before the handshake is complete
            return
        for begin in range(0, len(data), _PIECE_BYTES):
            piece = data[begin : begin + _PIECE_BYTES]
            if self.handshake_complete and not self._takes(len(piece)):
                self._refuse_flood()
                return
            super().data_received(piece)
            if self.transport.is_closing():
                return
        if not self.handshake_initiated:
            self._refuse_handshake()

    def handle_connect(self, event: Request) -> None:
        """Answer a handshake that is not valid, or pass it on to the application."""
        super().handle_connect(event)
        if self.close_sent:
            self._open_connections.count("malformed")
        else:
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[CONNECTION] = self  # the task has not begun to run

    def start_keepalive(self) -> None:
        """Begin to send pings, once the handshake is complete."""
        self._stop_timer()
        super().start_keepalive()

    def keepalive_timeout(self) -> None:
        """End a connection whose peer does not answer a ping."""
        self._stop_timer()
        self._open_connections.count("unread")
        super().keepalive_timeout()

    def pause_writing(self) -> None:
        """Bound the time for which the buffer is full."""
        super().pause_writing()
        self._start_timer(UNREAD_TIMEOUT_S)

    def resume_writing(self) -> None:
        """Go on to send."""
        super().resume_writing()
        self._stop_timer()

    def shutdown(self) -> None:
        """End when the gateway stops."""
        if self.handshake_complete:
            super().shutdown()
            return
        self.transport.write(raw_response(Problem(503, "the gateway is stopping")))
        self.transport.close()

    def _takes(self, size: int) -> bool:
        now = self.loop.time()
        if now >= self._budget_until:
            self._budget_until = now + BUDGET_S
            self._budget = BUDGET_BYTES
        self._budget -= size
        return self._budget >= 0

    def _refuse_flood(self) -> None:
        self._open_connections.count("flood")
        self.conn.fail(CloseCode.POLICY_VIOLATION, "a watcher sends nothing but pongs")
        self.handle_parser_exception()

    def _refuse_handshake(self) -> None:
        """Answer a handshake that the library did not parse, to which uvicorn says nothing."""
        self._open_connections.count("malformed")
        answer = b"".join(self.conn.data_to_send())
        self.transport.write(answer or raw_response(Problem(400, "the handshake is not valid")))
        self.transport.close()

    def _end(self, cause: EndCause) -> None:
        self._open_connections.count(cause)
        self.transport.abort()

    def _start_timer(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._end, "unread")

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

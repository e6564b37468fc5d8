"""Connections that speak HTTP: uvicorn's, with a time for each step and a slot among all.

Uvicorn itself has no time limit for the headers of a request, nor for a response that is not read.
"""

import asyncio
import sys
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from leaderboard_web.edge.closing_transport import ClosingTransport
from leaderboard_web.edge.open_connections import OpenConnections, Slot
from leaderboard_web.edge.raw_responses import raw_response
from leaderboard_web.edge.websocket_connection import WebSocketConnection
from leaderboard_web.problems import Problem

HEADERS_TIMEOUT_S = 10.0
"""How long the headers of a request may take, from the opening of the connection or from their
first byte."""
RESPONSE_TIMEOUT_S = 30.0
"""How long a response may take from the end of the headers until the caller has read it."""
IDLE_TIMEOUT_S = 15
"""How long a connection may be without a request."""
MAX_HEADER_BYTES = 32 * 2**10
"""The most bytes of a request line with its headers."""
_PIECE_BYTES = 4 * 2**10
"""What is parsed at once: only headers that are not complete yet are subject to their limit."""


class HttpConnection(H11Protocol):
    """A connection, until it ends or becomes a WebSocket."""

    def __init__(self, open_connections: OpenConnections, slot: Slot, **uvicorn: Any) -> None:
        """Take the slot of an accepted connection."""
        super().__init__(**uvicorn)
        self._open_connections = open_connections
        self._slot: Slot | None = slot
        self._timer: asyncio.TimerHandle | None = None
        self._reads_headers = False
        """Whether the timer runs for the headers of a request."""
        self._timed_cycle: RequestResponseCycle | None = None
        """The request that the timer was last started for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        self._closing = ClosingTransport(transport, self.loop)
        bounded: Any = self._closing
        super().connection_made(bounded)
        assert self._slot
        self._slot.abort = transport.abort
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._leave()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what was received, in pieces."""
        if self.transport.is_closing():
            self._closing.drop(data)
            return
        for begin in range(0, len(data), _PIECE_BYTES):
            super().data_received(data[begin : begin + _PIECE_BYTES])
            if self._has_left and begin + _PIECE_BYTES < len(data):
                self.transport.abort()  # a client sends nothing before the handshake is complete
            if self.transport.is_closing() or self._has_left:
                return
        self._follow()

    def on_response_complete(self) -> None:
        """Go on with the next request."""
        super().on_response_complete()
        if not self._has_left:
            self._follow()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the connection and its slot over to a WebSocket."""
        if self.conn.trailing_data[0]:
            self._open_connections.count("malformed")
            self._answer(Problem(400, "a client sends nothing before the handshake is complete"))
            return
        slot = self._slot
        assert slot
        slot.work()
        self._slot = None
        self._leave()
        made: Any = partial(WebSocketConnection, self._open_connections, slot)
        self.ws_protocol_class = made
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not a valid request, and close."""
        self._open_connections.count("malformed")
        if self.cycle and not self.cycle.response_complete:
            self.flow.pause_reading()  # a body that is malformed: its request is answered
            return
        error = sys.exception()
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            line_is_complete = b"\n" in self.conn.trailing_data[0]
            msg = f"a request has more than {MAX_HEADER_BYTES} bytes of headers"
            status = status if line_is_complete else HTTPStatus.REQUEST_URI_TOO_LONG
        self._answer(Problem(status, msg))

    def _answer(self, problem: Problem) -> None:
        self.transport.write(raw_response(problem))
        self.transport.close()

    @property
    def _has_left(self) -> bool:
        return self._slot is None

    def _leave(self) -> None:
        self._stop_timer()
        if self._slot:
            self._slot.end()
            self._slot = None

    def _follow(self) -> None:
        """Start the timer for what comes next."""
        assert self._slot
        if self.cycle and not self.cycle.response_complete:
            if self._timed_cycle is not self.cycle:
                self._timed_cycle = self.cycle
                self._slot.work()
                self._start_timer(RESPONSE_TIMEOUT_S, self._end_unread)
        elif self._timed_cycle:
            self._timed_cycle = None
            self._slot.wait()  # the timer goes on, since the response may not have been read
        elif not self._reads_headers:
            self._expect_headers()

    def _expect_headers(self) -> None:
        self._start_timer(HEADERS_TIMEOUT_S, self._end_slow)
        self._reads_headers = True

    def _end_slow(self) -> None:
        self._open_connections.count("slow")
        self._answer(Problem(408, f"a request has {HEADERS_TIMEOUT_S:g} s for its headers"))

    def _end_unread(self) -> None:
        if self._timed_cycle or self.transport.get_write_buffer_size():
            self._open_connections.count("unread")
            self.transport.abort()

    def _start_timer(self, seconds: float, end: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, end)

    def _stop_timer(self) -> None:
        self._reads_headers = False
        if self._timer:
            self._timer.cancel()
            self._timer = None

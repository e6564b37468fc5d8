"""A connection of an attacker: it sends any frames, and keeps account of what comes back."""

import asyncio
import struct
from collections import Counter
from typing import NamedTuple, cast

import hpack

from attacks.frames import (
    ACK,
    DEFAULT_WINDOW,
    END_STREAM,
    HEADER_BYTES,
    MAX_WINDOW,
    PREFACE,
    Call,
    Kind,
    Setting,
    frame,
    settings,
    window_update,
)

_CONGESTED_BYTES = 2**20
_SETTINGS_WITHIN_S = 5.0


class Status(NamedTuple):
    """The end of a stream as its caller sees it."""

    http: str
    grpc: str
    has_details: bool


class Connection(asyncio.Protocol):
    """One connection, which acknowledges settings and pings so that it stays open.

    Attributes:
        open: The streams that have not ended.
        max_streams: How many streams the server allows.
        window: The bytes that may be sent on the connection.
        lost: Whether the connection ended, or the server said that it will.
        statuses: The ends of streams, if they are decoded.
    """

    def __init__(self, tally: Counter[str], window: int, *, decoding: bool = False) -> None:
        self.open: set[int] = set()
        self.max_streams = 2**31
        self.window = DEFAULT_WINDOW
        self.lost = False
        self.statuses: list[Status] = []
        self._tally = tally
        self._own_window = window
        self._decoder = hpack.Decoder(4 * 2**20) if decoding else None
        self._answered: set[int] = set()
        self._stream_window = DEFAULT_WINDOW
        self._stream_windows: dict[int, int] = {}
        self._next = 1
        self._rest = b""
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport

    @property
    def congested(self) -> bool:
        """Whether the server reads more slowly than this side sends."""
        return self._transport.get_write_buffer_size() > _CONGESTED_BYTES

    @property
    def room(self) -> int:
        """How many more streams the server allows."""
        return max(0, self.max_streams - len(self.open))

    async def ready(self) -> None:
        """Wait for the settings of the server, or for the end of the connection."""
        async with asyncio.timeout(_SETTINGS_WITHIN_S):
            await asyncio.shield(self._ready)

    def send(self, data: bytes) -> None:
        """Send bytes."""
        if not self._transport.is_closing():
            self._transport.write(data)

    def stop_reading(self) -> None:
        """Read nothing from now on."""
        self._transport.pause_reading()

    def abort(self) -> None:
        """End the connection at once."""
        self.lost = True
        self._transport.abort()

    def next_stream(self) -> int:
        """Return the number of a new stream, which is open from now on."""
        stream, self._next = self._next, self._next + 2
        self.open.add(stream)
        self._tally["streams"] += 1
        return stream

    def call(self, call: Call, *, end: bool = True) -> int:
        """Send a call, and return its stream."""
        stream = self.next_stream()
        self.send(call.frames(stream, end=end))
        return stream

    def upload(self, stream: int, data: bytes) -> int:
        """Send as much of `data` as the windows allow, and return how much that was."""
        window = self._stream_windows.get(stream, self._stream_window)
        size = min(window, self.window, len(data))
        if size > 0:
            self._stream_windows[stream] = window - size
            self.window -= size
            self.send(frame(Kind.DATA, 0, stream, data[:size]))
        return max(size, 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin HTTP/2 with windows of the chosen size for streams, and the largest for all."""
        self._transport = cast("asyncio.Transport", transport)
        self._tally["connections"] += 1
        own = settings(
            (Setting.INITIAL_WINDOW_SIZE, self._own_window),
            (Setting.HEADER_TABLE_SIZE, 4096),
        )
        self.send(PREFACE + own + window_update(0, MAX_WINDOW - DEFAULT_WINDOW))

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection as lost."""
        if not self.lost:
            self._tally["connections_lost"] += 1
        self.lost = True
        self.open.clear()
        self._set_ready()

    def data_received(self, data: bytes) -> None:
        """Handle the frames that are complete."""
        buffer = self._rest + data if self._rest else data
        at, size = 0, len(buffer)
        while size - at >= HEADER_BYTES:
            end = at + HEADER_BYTES + int.from_bytes(buffer[at : at + 3])
            if end > size:
                break
            stream = int.from_bytes(buffer[at + 5 : at + HEADER_BYTES]) & MAX_WINDOW
            self._handle(buffer[at + 3], buffer[at + 4], stream, buffer[at + HEADER_BYTES : end])
            at = end
        self._rest = buffer[at:]

    def _handle(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if kind == Kind.DATA:
            self._answered.add(stream)
            if flags & END_STREAM:
                self._ended(stream, "answered")
        elif kind == Kind.HEADERS:
            self._handle_headers(flags, stream, payload)
        elif kind == Kind.RST_STREAM:
            self._ended(stream, "reset")
        elif kind == Kind.SETTINGS and not flags & ACK:
            self._handle_settings(payload)
        elif kind == Kind.PING and not flags & ACK:
            self.send(frame(Kind.PING, ACK, 0, payload))
        elif kind == Kind.WINDOW_UPDATE:
            self._handle_window(stream, int.from_bytes(payload))
        elif kind == Kind.GOAWAY:
            self._tally["goaways"] += 1
            self.lost = True

    def _handle_headers(self, flags: int, stream: int, payload: bytes) -> None:
        fields = dict(self._decoder.decode(payload, raw=True)) if self._decoder else {}
        if flags & END_STREAM:
            if self._decoder:
                details = b"grpc-status-details-bin" in fields
                http, grpc = fields.get(b":status", b""), fields.get(b"grpc-status", b"")
                self.statuses.append(Status(http.decode(), grpc.decode(), details))
            self._ended(stream, "answered" if stream in self._answered else "refused")

    def _ended(self, stream: int, outcome: str) -> None:
        self._tally[outcome] += 1
        self._answered.discard(stream)
        self._stream_windows.pop(stream, None)
        self.open.discard(stream)

    def _handle_settings(self, payload: bytes) -> None:
        for at in range(0, len(payload), 6):
            name, value = struct.unpack_from(">HI", payload, at)
            if name == Setting.MAX_CONCURRENT_STREAMS:
                self.max_streams = value
            elif name == Setting.INITIAL_WINDOW_SIZE:
                for stream in self._stream_windows:
                    self._stream_windows[stream] += value - self._stream_window
                self._stream_window = value
        self.send(frame(Kind.SETTINGS, ACK, 0))
        self._set_ready()

    def _handle_window(self, stream: int, increment: int) -> None:
        if not stream:
            self.window += increment
        elif stream in self.open:
            window = self._stream_windows.get(stream, self._stream_window)
            self._stream_windows[stream] = window + increment

    def _set_ready(self) -> None:
        if not self._ready.done():
            self._ready.set_result(None)

"""A client that sends HTTP/2 frame by frame, and so can break the protocol."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.settings
from hyperframe.frame import GoAwayFrame


def framed(message: bytes, *, compressed: bool = False, length: int | None = None) -> bytes:
    """Return a message with its prefix, optionally with a wrong length."""
    return struct.pack(">BI", compressed, len(message) if length is None else length) + message


class RawClient:
    """One connection, and the events received on it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, window: int
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.events: list[Any] = []
        self.lost = False
        config = h2.config.H2Configuration(
            client_side=True,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self.h2 = h2.connection.H2Connection(config)
        codes = h2.settings.SettingCodes
        self.h2.local_settings = h2.settings.Settings(
            initial_values={codes.ENABLE_PUSH: 0, codes.INITIAL_WINDOW_SIZE: window}
        )
        # the library treats GOAWAY as the end of the connection, which is wrong
        self.h2._frame_dispatch_table[GoAwayFrame] = self._on_goaway  # noqa: SLF001
        self.h2.initiate_connection()

    def _on_goaway(self, frame: GoAwayFrame) -> tuple[list[Any], list[Any]]:
        event = h2.events.ConnectionTerminated()
        event.error_code = frame.error_code
        return [], [event]

    async def flush(self) -> None:
        """Send the queued frames."""
        with contextlib.suppress(ConnectionError):
            self.writer.write(self.h2.data_to_send())
            await self.writer.drain()

    async def start(self, path: str, *fields: tuple[str, str], end: bool = False) -> int:
        """Send the headers of a call, and return the stream."""
        stream = self.queue(path, *fields, end=end)
        await self.flush()
        return stream

    def queue(self, path: str, *fields: tuple[str, str], end: bool = False) -> int:
        """Queue the headers of a call for the next `flush`, and return the stream."""
        stream = self.h2.get_next_available_stream_id()
        headers = {
            ":method": "POST",
            ":scheme": "http",
            ":path": path,
            ":authority": "test",
            "te": "trailers",
            "content-type": "application/grpc",
        } | dict(fields)
        self.h2.send_headers(stream, list(headers.items()), end_stream=end)
        return stream

    async def data(self, stream: int, data: bytes, *, end: bool = True) -> None:
        """Send raw bytes of a request, with its end in the last frame."""
        while data:
            await self.until(lambda: self.h2.local_flow_control_window(stream) > 0)
            size = min(len(data), self.h2.local_flow_control_window(stream), 16_384)
            piece, data = data[:size], data[size:]
            self.h2.send_data(stream, piece, end_stream=end and not data)
            end = end and bool(data)
            await self.flush()
        if end:
            self.h2.end_stream(stream)
            await self.flush()

    async def call(self, path: str, body: bytes, *fields: tuple[str, str]) -> dict[str, str]:
        """Make a call, and return its headers and trailers, or the code of its reset."""
        stream = await self.start(path, *fields)
        await self.data(stream, body)
        return await self.ended(stream)

    async def ping(self) -> None:
        """Wait until the server has read all sent frames."""
        known = len(self.seen(h2.events.PingAckReceived))
        self.h2.ping(b"12345678")
        await self.flush()
        await self.until(lambda: len(self.seen(h2.events.PingAckReceived)) > known)

    async def ended(self, stream: int) -> dict[str, str]:
        """Return the headers and trailers of a stream at its end, or the code of its reset."""

        def found() -> dict[str, str] | None:
            fields: dict[str, str] = {}
            for event in self.events:
                if getattr(event, "stream_id", None) != stream:
                    continue
                if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
                    fields |= {name.decode(): value.decode() for name, value in event.headers}
                elif isinstance(event, h2.events.StreamReset):
                    return fields or {"reset": str(int(event.error_code))}
                elif isinstance(event, h2.events.StreamEnded):
                    return fields
            return None

        await self.until(lambda: found() is not None)
        return found() or {}

    def seen(self, kind: type) -> list[Any]:
        """Return the events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Any) -> None:
        """Read until a condition holds.

        Raises:
            ConnectionError: The connection ended before.
        """
        async with asyncio.timeout(20):
            while not condition():
                if self.lost:
                    raise ConnectionError
                await self.read()

    async def read(self) -> None:
        """Read the next data, and the end of the connection."""
        try:
            data = await self.reader.read(65_536)
        except ConnectionError:
            data = b""
        if not data:
            self.lost = True
            return
        self.events += self.h2.receive_data(data)
        await self.flush()

    async def until_lost(self) -> None:
        """Read until the connection ends."""
        async with asyncio.timeout(20):
            while not self.lost:
                await self.read()


@contextlib.asynccontextmanager
async def connect(port: int, *, window: int = 65_535) -> AsyncIterator[RawClient]:
    """Open a connection; `window` is the initial flow-control window of each stream."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    client = RawClient(reader, writer, window)
    try:
        await client.flush()
        await client.until(lambda: client.seen(h2.events.RemoteSettingsChanged))
        yield client
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

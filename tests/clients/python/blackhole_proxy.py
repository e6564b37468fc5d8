"""A TCP proxy that can drop all bytes silently, as a cut cable does."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

_CHUNK = 65_536


class BlackholeProxy:
    """A TCP proxy to one service, open within its block."""

    def __init__(self, service_address: str) -> None:
        host, _, port = service_address.rpartition(":")
        self.address = ""
        self._service = host, int(port)
        self._listener: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._dead: set[asyncio.StreamWriter] = set()
        self._drops = False

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._listener is not None
        self._listener.close()
        self._cut()
        await asyncio.gather(*self._serving)

    def drop_all(self) -> None:
        """
        Drop all bytes in both directions, also of new connections.

        The connections stay open, as when a cable is cut.
        """
        self._drops = True

    def forward_new(self) -> None:
        """Forward the bytes of new connections again; existing ones stay open, and dead."""
        self._dead |= self._writers
        self._drops = False

    def reconnect(self) -> None:
        """Abort the existing connections, and forward the bytes of new ones."""
        self._cut()
        self._drops = False

    def _cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self._writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError):
                above_reader, above_writer = await asyncio.open_connection(*self._service)
                self._writers.add(above_writer)
                await asyncio.gather(
                    self._forward(reader, above_writer), self._forward(above_reader, writer)
                )
                self._writers.discard(above_writer)
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(_CHUNK):
                if not self._drops and writer not in self._dead:
                    writer.write(chunk)
                    await writer.drain()
        writer.transport.abort()

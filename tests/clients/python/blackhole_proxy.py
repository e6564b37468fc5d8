"""A TCP proxy that can drop all bytes silently, as a cut cable does."""

import asyncio
import contextlib

from clients.python.loopback_server import LoopbackServer

_CHUNK = 65_536


class BlackholeProxy(LoopbackServer):
    """A TCP proxy to one service, open within its block."""

    def __init__(self, service_address: str) -> None:
        super().__init__()
        host, _, port = service_address.rpartition(":")
        self._service = host, int(port)
        self._dead: set[asyncio.StreamWriter] = set()
        self._drops = False

    def drop_all(self) -> None:
        """
        Drop all bytes in both directions, also of new connections.

        The connections stay open, as when a cable is cut.
        """
        self._drops = True

    def forward_new(self) -> None:
        """Forward the bytes of new connections again; existing ones stay open, and dead."""
        self._dead |= self.writers
        self._drops = False

    def reconnect(self) -> None:
        """Abort the existing connections, and forward the bytes of new ones."""
        self.abort_all()
        self._drops = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward the bytes of a connection."""
        above_reader, above_writer = await asyncio.open_connection(*self._service)
        self.writers.add(above_writer)
        await asyncio.gather(
            self._forward(reader, above_writer), self._forward(above_reader, writer)
        )
        self.writers.discard(above_writer)

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(_CHUNK):
                if not self._drops and writer not in self._dead:
                    writer.write(chunk)
                    await writer.drain()
        writer.transport.abort()

"""A TCP server on loopback, for servers and proxies of tests that misbehave."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self


class LoopbackServer:
    """The server, within its block; a subclass serves its connections."""

    def __init__(self) -> None:
        self.address = ""
        self.writers: set[asyncio.StreamWriter] = set()
        """Those of the open connections."""
        self._listener: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
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
        self.abort_all()
        await asyncio.gather(*self._serving)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until its end; it is aborted afterwards."""
        raise NotImplementedError

    def abort_all(self) -> None:
        """Abort the open connections."""
        for writer in self.writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        self.writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError):
                await self.serve(reader, writer)
        finally:
            self.writers.discard(writer)
            writer.transport.abort()

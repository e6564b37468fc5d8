"""A store for which the test chooses each reply and its time."""

import asyncio
import contextlib
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, Self

import hiredis

from harness.waiting import eventually
from leaderboard_server.storage.pipelined_connection import PipelinedConnection

_OPENING = {b"CLIENT", b"SELECT", b"AUTH"}
_ASKING = [b"INFO", b"server", b"replication"]
"""Commands that are sent when a connection is opened; answered at once."""


class ScriptedStore:
    """
    Listens on loopback during a block, and records the commands that arrive.

    Attributes:
        commands: All commands but those that open a connection, in order.
        opened: The number of connections that were opened.
        answers_opening: Whether the commands that open a connection are answered.
    """

    def __init__(self) -> None:
        self.commands: list[list[bytes]] = []
        self.opened = 0
        self.answers_opening = True
        self._port = 0
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The address, as the server takes it."""
        return f"redis://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.refuse()
        for writer in list(self._writers):
            writer.transport.abort()
        await eventually(lambda: not self._writers, "the end of all connections")

    async def accept(self) -> None:
        """Accept connections, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Refuse new connections; the open ones stay."""
        assert self._server
        self._server.close()

    async def received(self, count: int) -> None:
        """Wait until this number of commands has arrived in total."""
        await eventually(lambda: len(self.commands) >= count, f"{count} commands")

    def reply(self, *replies: bytes) -> None:
        """Send replies on the connection that was opened last."""
        self._writers[-1].write(b"".join(reply + b"\r\n" for reply in replies))

    def hang_up(self) -> None:
        """Abort the connection that was opened last."""
        self._writers[-1].transport.abort()

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        self._writers.append(writer)
        commands = hiredis.Reader()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                commands.feed(data)
                while (command := commands.gets()) is not False:
                    if command[0].upper() in _OPENING or command == _ASKING:
                        if self.answers_opening:
                            writer.write(b"+OK\r\n")
                    else:
                        self.commands.append(command)
        self._writers.remove(writer)
        writer.transport.abort()


async def started(
    connection: PipelinedConnection, scripted: ScriptedStore, *words: str
) -> list[asyncio.Task[Any]]:
    """Start a call for each word, and wait until the store has received all of them."""
    due = len(scripted.commands) + len(words)
    calls = [asyncio.ensure_future(connection.call("ECHO", word)) for word in words]
    await scripted.received(due)
    return calls


async def in_time(call: Awaitable[Any]) -> Any:
    """Wait for a reply, for a limited time."""
    async with asyncio.timeout(10):
        return await call

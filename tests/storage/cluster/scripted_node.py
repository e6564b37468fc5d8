"""A node of a cluster for which the test chooses what it knows and what it replies."""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeAlias

import hiredis

from harness.waiting import eventually
from leaderboard_server.storage.addresses import Address

_OPENING = {b"CLIENT", b"SELECT", b"AUTH"}

Answer: TypeAlias = Callable[[list[bytes]], bytes | None]
"""Returns the reply to a command, None for none."""


class ScriptedNode:
    """
    Listens on loopback during a block.

    Attributes:
        address: Where it listens.
        view: The reply to polls, an error if it begins with `-`; None for none.
        answer: Replies to all other commands.
        commands: These commands, in order.
        polls: The number of polls.
        opens: Whether commands that open a connection are answered.
    """

    def __init__(self) -> None:
        self.address = Address("127.0.0.1", 0)
        self.view: bytes | None = None
        self.answer: Answer = lambda _: b"+OK"
        self.commands: list[list[bytes]] = []
        self.polls = 0
        self.opens = True
        self._unanswered: list[asyncio.StreamWriter] = []
        """The connections that wait to be opened."""
        self._writers: list[asyncio.StreamWriter] = []
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.refuse()

    async def accept(self) -> None:
        """Accept connections, on the same port as before."""
        self._server = await asyncio.start_server(self._serve, *self.address)
        self.address = Address(*self._server.sockets[0].getsockname())

    async def refuse(self) -> None:
        """Drop all connections and refuse new ones."""
        if self._server:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        await eventually(lambda: not self._writers, "the end of all connections")

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self._writers)

    @property
    def keys(self) -> list[bytes]:
        """The first keys of the scripts that arrived."""
        return [command[3] for command in self.commands if command[0].startswith(b"EVAL")]

    def open_waiting(self) -> None:
        """Answer what opens connections, also where that waits for it."""
        self.opens = True
        for writer in self._unanswered:
            writer.write(b"+OK\r\n" * 3)
        self._unanswered.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        commands = hiredis.Reader()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                commands.feed(data)
                while (command := commands.gets()) is not False:
                    if reply := self._reply(command, writer):
                        writer.write(reply + b"\r\n")
        self._writers.remove(writer)
        writer.transport.abort()

    def _reply(self, command: list[bytes], writer: asyncio.StreamWriter) -> bytes | None:
        if command[0] in _OPENING:
            if not self.opens:
                self._unanswered.append(writer)
                return None
            return b"+OK"
        if command == [b"CLUSTER", b"NODES"]:
            self.polls += 1
            if self.view is None or self.view.startswith(b"-"):
                return self.view
            return b"$%d\r\n%b" % (len(self.view), self.view)
        self.commands.append(command)
        return self.answer(command)

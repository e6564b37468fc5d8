"""A node that speaks pub/sub as a store does, and refuses and ends what the test says."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

import hiredis
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from harness.ports import free_port

_INCOMPLETE = object()


class ScriptedNode:
    """
    A node on a loopback port, from the beginning to the end of a block.

    Channels of sharded pub/sub are named here without the id of the node, which is its port.

    Attributes:
        commands: The commands for subscriptions that it executed, in order, with their channels.
        opened: The number of connections that were opened.
        refused: The error by which it refuses commands on a channel, by the name of the channel.
        executing: Cleared to execute no command, as a node that hangs.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.commands: list[tuple[str, ...]] = []
        self.opened = 0
        self.refused: dict[str, str] = {}
        self.executing = asyncio.Event()
        self.executing.set()
        self._server: asyncio.Server | None = None
        self._clients: dict[asyncio.Task[None], _Client] = {}

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.executing.set()
        self.cut()
        if self._clients:
            await asyncio.wait(list(self._clients))

    @property
    def open(self) -> int:
        """The number of open connections."""
        return len(self._clients)

    def driver(self) -> Redis:
        """Return a driver that leads to the node."""
        return Redis(port=self.port, protocol=2, retry=Retry(NoBackoff(), 0))

    def sent(self, name: str) -> list[set[str]]:
        """Return the channels of each command of a name, which are in no order."""
        return [set(channels) for command, *channels in self.commands if command == name]

    def subscribers(self, channel: str) -> int:
        """Return how many subscriptions a channel has."""
        return sum(channel in client.channels for client in self._clients.values())

    def publish(self, channel: str, payload: bytes) -> None:
        """Send a message to the subscribers of a channel."""
        for client in self._clients.values():
            if channel in client.channels:
                client.push(client.kind + b"message", channel, payload)

    def end(self, *channels: str) -> None:
        """End subscriptions, as when the slot is moved."""
        for client in self._clients.values():
            for channel in channels:
                if channel in client.channels:
                    client.unsubscribe(channel)

    def cut(self) -> None:
        """Abort all connections."""
        for client in self._clients.values():
            client.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.opened += 1
        client = self._clients[task] = _Client(writer, f":{self.port}")
        commands = hiredis.Reader(notEnoughData=_INCOMPLETE)
        with contextlib.suppress(ConnectionError):
            while chunk := await reader.read(65_536):
                commands.feed(chunk)
                while (command := commands.gets()) is not _INCOMPLETE:
                    await self.executing.wait()
                    self._execute(client, [part.decode() for part in command])
        writer.transport.abort()
        del self._clients[task]

    def _execute(self, client: "_Client", command: list[str]) -> None:
        name, *channels = command
        if name in {"SSUBSCRIBE", "SUNSUBSCRIBE"}:
            assert all(channel.endswith(f":{self.port}") for channel in channels)
            channels = [channel.removesuffix(f":{self.port}") for channel in channels]
        refusals = [self.refused[channel] for channel in channels if channel in self.refused]
        if name == "PING":
            client.pong()
        elif not name.endswith("SUBSCRIBE"):
            client.writer.write(b"+OK\r\n")
        else:
            self.commands.append((name, *channels))
            if refusals:
                client.writer.write(f"-{refusals[0]}\r\n".encode())
                return
            for channel in channels:
                if "UNSUB" in name:
                    client.unsubscribe(channel)
                else:
                    client.subscribe(name, channel)


class _Client:
    """A connection to the node, with its subscriptions."""

    def __init__(self, writer: asyncio.StreamWriter, suffix: str) -> None:
        self.writer = writer
        self._suffix = suffix
        self.channels: set[str] = set()
        self.kind = b""
        """The prefix of messages: `s` for sharded pub/sub."""

    def subscribe(self, command: str, channel: str) -> None:
        self.kind = b"s" if command.startswith("SS") else b""
        self.channels.add(channel)
        self.push(self.kind + b"subscribe", channel, len(self.channels))

    def unsubscribe(self, channel: str) -> None:
        self.channels.discard(channel)
        self.push(self.kind + b"unsubscribe", channel, len(self.channels))

    def pong(self) -> None:
        # Without a subscription it is answered like any command.
        self.writer.write(b"*2\r\n$4\r\npong\r\n$0\r\n\r\n" if self.channels else b"+PONG\r\n")

    def push(self, kind: bytes, channel: str, last: bytes | int) -> None:
        end = b":%d\r\n" % last if isinstance(last, int) else b"$%d\r\n%s\r\n" % (len(last), last)
        name = (channel + self._suffix if self.kind else channel).encode()
        self.writer.write(
            b"*3\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n%s" % (len(kind), kind, len(name), name, end)
        )

"""A proxy between the service and its store, a node or a cluster, that can break connections."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable
from functools import partial
from types import TracebackType
from typing import Self

import hiredis

from harness.interceptor import CommandInterceptor
from harness.ports import free_port
from harness.waiting import eventually

_CHUNK = 65_536
_INCOMPLETE = object()
_ANSWERED_BY_PUSH = {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"}
_ANSWERED_BY_PUSH |= {"UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"}
_PLAIN = {"SSUBSCRIBE": "SUBSCRIBE"}
"""The commands of a node for which a cluster has others."""


class StoreProxy:
    """
    A TCP proxy that parses the store's protocol, to choose which connections and replies to break.

    Commands are given by their upper-case names. A connection belongs to each command that it has
    sent: SUBSCRIBE selects the feeds, also those of a cluster, and EVALSHA the connections that
    commit.

    In front of a cluster it has a port for each node, and replaces the ports of nodes by its own in
    what they reply.
    """

    def __init__(self, *store_ports: int) -> None:
        self._ports = {free_port(): store_port for store_port in store_ports}
        """Those of the nodes by those of the proxy."""
        self.port = next(iter(self._ports))
        self.commands: Counter[str] = Counter()
        self.delay = 0.0
        self._listeners: list[asyncio.Server] = []
        self._connections: set[_Connection] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._interceptors: list[CommandInterceptor] = []
        self._swallowed: frozenset[str] | None = None
        self.loses_messages = False
        """Whether published messages are lost, while all else is delivered."""

    @property
    def url(self) -> str:
        """The URL of this proxy, as the service takes that of a store."""
        if len(self._ports) == 1:
            return f"redis://127.0.0.1:{self.port}/0"
        return "redis+cluster://" + ",".join(f"127.0.0.1:{port}" for port in self._ports)

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
        await eventually(self._is_idle, "the end of all connections")

    def lead_to(self, store_port: int) -> None:
        """Lead new connections to another store; open ones stay where they are."""
        self._ports = {self.port: store_port}

    async def accept(self) -> None:
        """Accept new connections, which is the state at the start."""
        for port in self._ports:
            serve = partial(self._serve, port)
            self._listeners.append(await asyncio.start_server(serve, "127.0.0.1", port))

    async def refuse(self) -> None:
        """Refuse new connections; open ones stay."""
        while self._listeners:
            self._listeners.pop().close()

    async def cut(self, *commands: str) -> int:
        """
        Abort the connections of the given commands, or all; return their number.

        Both sides see the end at once; bytes in flight are lost.
        """
        chosen = [connection for connection in self._connections if connection.belongs_to(commands)]
        for connection in chosen:
            connection.cut()
        await asyncio.gather(*(connection.closed.wait() for connection in chosen))
        return len(chosen)

    def intercept(
        self, command: str, *, holding: bytes = b"", drops: int = 0
    ) -> CommandInterceptor:
        """
        Wait for commands, and drop the replies to the first of them.

        The store receives the command and replies; then both sides are closed, and the reply is
        not delivered. Replies in flight to earlier commands of that connection are lost too.

        Args:
            command: The name.
            holding: Bytes that one of the arguments contains.
            drops: The number of replies to drop, each with its connection.
        """
        interceptor = CommandInterceptor(command, holding, drops)
        self._interceptors.append(interceptor)
        return interceptor

    def swallow(self, *commands: str) -> None:
        """
        Swallow all bytes in both directions, of the connections of the given commands or of all.

        The connections stay open, as when a cable is pulled. New connections are accepted, and
        their bytes swallowed likewise. Lasts until `deliver`.
        """
        self._swallowed = frozenset(commands)

    async def deliver(self) -> None:
        """Deliver bytes again; connections that lost bytes are aborted."""
        self._swallowed = None
        broken = [connection for connection in self._connections if connection.lost_bytes]
        for connection in broken:
            connection.cut()
        await asyncio.gather(*(connection.closed.wait() for connection in broken))

    def swallows(self, connection: "_Connection") -> bool:
        """Return whether the bytes of a connection are swallowed now."""
        return self._swallowed is not None and connection.belongs_to(self._swallowed)

    def observe(self, name: str, command: list[bytes]) -> CommandInterceptor | None:
        """Count a command, and return the interceptor that drops its reply, if any."""
        self.commands[name] += 1
        dropping = [each for each in self._interceptors if each.observe(name, command)]
        return dropping[0] if dropping else None

    async def _is_idle(self) -> bool:
        await self.cut()
        return not self._serving

    def with_own_ports(self, replies: bytes) -> bytes:
        """Return replies of a cluster with the ports of the proxy in place of those of the nodes.

        Each is as long as the other, as the lengths of replies are part of them. An address that is
        cut in two by the end of a chunk stays as it is; servers do not depend on a single one.
        """
        if len(self._ports) > 1:
            for own, of_node in self._ports.items():
                assert len(str(own)) == len(str(of_node))
                replies = replies.replace(b"127.0.0.1:%d" % of_node, b"127.0.0.1:%d" % own)
        return replies

    async def _serve(
        self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            store = await asyncio.open_connection("127.0.0.1", self._ports[port])
            connection = _Connection(self, (reader, writer), store)
            self._connections.add(connection)
            try:
                await connection.deliver()
            finally:
                self._connections.discard(connection)
        except ConnectionError:
            return
        finally:
            writer.transport.abort()


_Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    """One connection of the service, forwarded to the store."""

    def __init__(self, proxy: StoreProxy, service: _Side, store: _Side) -> None:
        self.closed = asyncio.Event()
        self.lost_bytes = False
        self._proxy = proxy
        self._service = service
        self._store = store
        self._sent: set[str] = set()
        self._replies_due = 0
        self._dropping: CommandInterceptor | None = None

    def belongs_to(self, commands: Iterable[str]) -> bool:
        """Return whether the connection has sent one of the commands; without commands, True."""
        names = set(commands)
        return not names or bool(names & self._sent)

    def cut(self) -> None:
        """Abort both sides at once."""
        for _, writer in (self._service, self._store):
            writer.transport.abort()

    async def deliver(self) -> None:
        """Forward bytes both ways until one side ends."""
        ways = [asyncio.create_task(self._requests()), asyncio.create_task(self._replies())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.cut()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self.closed.set()

    async def _requests(self) -> None:
        commands = hiredis.Reader(notEnoughData=_INCOMPLETE)
        with contextlib.suppress(ConnectionError):
            while chunk := await self._service[0].read(_CHUNK):
                commands.feed(chunk)
                while (command := commands.gets()) is not _INCOMPLETE:
                    self._expect(command)
                await self._pass_on(chunk, self._store[1])

    def _expect(self, command: list[bytes]) -> None:
        name = command[0].decode().upper()
        self._sent |= {name, _PLAIN.get(name, name)}
        dropping = self._proxy.observe(name, command)
        self._dropping = self._dropping or dropping
        self._replies_due += name not in _ANSWERED_BY_PUSH

    async def _replies(self) -> None:
        answers = hiredis.Reader(notEnoughData=_INCOMPLETE)
        with contextlib.suppress(ConnectionError):
            while chunk := await self._store[0].read(_CHUNK):
                whole = not answers.has_data()
                answers.feed(chunk)
                messages = whole
                while (answer := answers.gets()) is not _INCOMPLETE:
                    self._replies_due -= not isinstance(answer, hiredis.PushNotification)
                    messages &= _is_message(answer)
                if self._proxy.loses_messages and messages and not answers.has_data():
                    continue
                if self._dropping is None:
                    await asyncio.sleep(self._proxy.delay)
                    await self._pass_on(self._proxy.with_own_ports(chunk), self._service[1])
                elif self._replies_due <= 0:
                    self._dropping.report_drop()
                    return

    async def _pass_on(self, chunk: bytes, to: asyncio.StreamWriter) -> None:
        if self._proxy.swallows(self):
            self.lost_bytes = True
            return
        to.write(chunk)
        await to.drain()


def _is_message(answer: object) -> bool:
    return isinstance(answer, hiredis.PushNotification) and answer[0] in {b"message", b"smessage"}

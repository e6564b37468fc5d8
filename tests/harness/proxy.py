"""A proxy between the service and its store that breaks connections as a network does."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Self

import hiredis

from harness.lookout import Lookout
from harness.ports import free_port
from harness.waiting import eventually

_CHUNK = 65_536
_INCOMPLETE = object()
_ANSWERED_BY_PUSH = {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"}
_ANSWERED_BY_PUSH |= {f"UN{name}" for name in _ANSWERED_BY_PUSH}


class StoreProxy:
    """
    A TCP proxy that parses the store's protocol, to choose which connections and replies to break.

    Commands are given by their upper-case names. A connection belongs to each command that it has
    sent: SUBSCRIBE selects the feeds, and EVALSHA the connections that commit.
    """

    def __init__(self, store_port: int) -> None:
        self.port = free_port()
        self.commands: Counter[str] = Counter()
        self.delay = 0.0
        self._store_port = store_port
        self._listener: asyncio.Server | None = None
        self._lines: set[_Line] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._lookouts: list[Lookout] = []
        self._swallowed: frozenset[str] | None = None

    @property
    def url(self) -> str:
        """The URL of this proxy, as the service takes that of a store."""
        return f"redis://127.0.0.1:{self.port}/0"

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

    async def accept(self) -> None:
        """Accept new connections, as it does from the start."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def refuse(self) -> None:
        """Refuse new connections; open ones stay."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def cut(self, *commands: str) -> int:
        """
        Abort the connections of the given commands, or all; return their number.

        Both sides see the end at once; bytes in flight are lost.
        """
        chosen = [line for line in self._lines if line.belongs_to(commands)]
        for line in chosen:
            line.cut()
        await asyncio.gather(*(line.closed.wait() for line in chosen))
        return len(chosen)

    def look_out(self, command: str, *, holding: bytes = b"", losses: int = 0) -> Lookout:
        """
        Look out for commands, and lose the replies to the first of them.

        To lose a reply means: the store receives the command and replies; then both sides are
        closed and nothing is delivered. Replies in flight to earlier commands of that connection
        are lost too.

        Args:
            command: The name.
            holding: Bytes that one of the arguments contains.
            losses: How many replies to lose, each with its connection.
        """
        lookout = Lookout(command, holding, losses)
        self._lookouts.append(lookout)
        return lookout

    def swallow(self, *commands: str) -> None:
        """
        Swallow all bytes in both directions, of the connections of the given commands or of all.

        The connections stay open, as when a cable is pulled. New connections are accepted, and
        their bytes swallowed likewise. Lasts until `deliver`.
        """
        self._swallowed = frozenset(commands)

    async def deliver(self) -> None:
        """Deliver bytes again; connections that lost some are aborted, for their data have gaps."""
        self._swallowed = None
        broken = [line for line in self._lines if line.lost_bytes]
        for line in broken:
            line.cut()
        await asyncio.gather(*(line.closed.wait() for line in broken))

    def swallows(self, line: "_Line") -> bool:
        """Return whether the bytes of a connection are swallowed now."""
        return self._swallowed is not None and line.belongs_to(self._swallowed)

    def note(self, name: str, command: list[bytes]) -> Lookout | None:
        """Count a command, and return the lookout that loses its reply, if any."""
        self.commands[name] += 1
        losing = [lookout for lookout in self._lookouts if lookout.meets(name, command)]
        return losing[0] if losing else None

    async def _is_idle(self) -> bool:
        await self.cut()
        return not self._serving

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)
        try:
            store = await asyncio.open_connection("127.0.0.1", self._store_port)
            line = _Line(self, (reader, writer), store)
            self._lines.add(line)
            try:
                await line.deliver()
            finally:
                self._lines.discard(line)
        except ConnectionError:
            return
        finally:
            writer.transport.abort()


_Side = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Line:
    """One connection of the service, forwarded to the store."""

    def __init__(self, proxy: StoreProxy, service: _Side, store: _Side) -> None:
        self.closed = asyncio.Event()
        self.lost_bytes = False
        self._proxy = proxy
        self._service = service
        self._store = store
        self._sent: set[str] = set()
        self._replies_due = 0
        self._losing: Lookout | None = None

    def belongs_to(self, commands: Iterable[str]) -> bool:
        """Return whether this line has sent one of the commands; without commands, True."""
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
        self._sent.add(name)
        losing = self._proxy.note(name, command)
        self._losing = self._losing or losing
        self._replies_due += name not in _ANSWERED_BY_PUSH

    async def _replies(self) -> None:
        answers = hiredis.Reader(notEnoughData=_INCOMPLETE)
        with contextlib.suppress(ConnectionError):
            while chunk := await self._store[0].read(_CHUNK):
                answers.feed(chunk)
                while (answer := answers.gets()) is not _INCOMPLETE:
                    self._replies_due -= not isinstance(answer, hiredis.PushNotification)
                if self._losing is None:
                    await asyncio.sleep(self._proxy.delay)
                    await self._pass_on(chunk, self._service[1])
                elif self._replies_due <= 0:
                    self._losing.report_loss()
                    return

    async def _pass_on(self, chunk: bytes, to: asyncio.StreamWriter) -> None:
        if self._proxy.swallows(self):
            self.lost_bytes = True
            return
        to.write(chunk)
        await to.drain()

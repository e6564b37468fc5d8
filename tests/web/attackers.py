"""Hostile callers of a gateway, each from a loopback address of its own, until their time is over.

Each counts what it was answered: statuses of HTTP, and close codes of WebSockets.
"""

import asyncio
import contextlib
import itertools
import socket
import struct
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from web.boards import CUP
from web.edges import HANDSHAKE, request

WATCH = f"/v1/contests/{CUP}/watch?limit=1000"
TOP = f"/v1/contests/{CUP}/top?limit=1000"
_FRAMES = {
    "pings": b"\x89\xfd\0\0\0\0" + bytes(125),
    "pongs": b"\x8a\x80\0\0\0\0",
    "fragments": b"\0\x80\0\0\0\0",
    "messages": b"\x81\x85\0\0\0\0hello",
    "large": b"\x82\xff" + struct.pack("!Q", 2**20) + bytes(4 + 2**20),
    "reserved": b"\xf1\x80\0\0\0\0",
    "unmasked": b"\x81\x05hello",
    "text": b"\x81\x81\0\0\0\0\xff",
    "close": b"\x88\x82\0\0\0\0\x03\xe8",
    "junk": bytes(range(256)) * 64,
}
_PAUSE_S = 0.05
_PATIENCE_S = 30.0


@dataclass
class Attacker:
    """One hostile caller."""

    port: int
    """Of the gateway."""
    host: str
    """The loopback address that it calls from."""
    until: float
    """When it ends, by the monotonic clock."""
    is_answered: bool = False
    """Whether it goes on until it has one answer, as on a busy machine."""
    answers: Counter[int] = field(default_factory=Counter)
    """The statuses and close codes that it got; 0 for an end without one."""

    @property
    def goes_on(self) -> bool:
        """Whether its time is not over."""
        waits = self.is_answered and not any(self.answers)
        return time.monotonic() < self.until + (_PATIENCE_S if waits else 0)

    @contextlib.asynccontextmanager
    async def connected(
        self, data: bytes = b"", *, small: bool = False
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Open a connection, of which little is buffered if it is small, and send something."""
        connection = socket.socket()
        if small:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.settimeout(0)
        connection.bind((self.host, 0))
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_connect(connection, ("127.0.0.1", self.port))
        except BaseException:
            connection.close()
            raise
        reader, writer = await asyncio.open_connection(sock=connection, limit=2**16)
        try:
            writer.write(data)
            yield reader, writer
        finally:
            writer.transport.abort()

    async def send(self, *pieces: bytes) -> None:
        """Send pieces on a connection of its own, and count the answers."""
        received = b""
        with contextlib.suppress(OSError, TimeoutError):
            async with self.connected() as (reader, writer), asyncio.timeout(5):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                received = await reader.read(2**20)
        self.answers[int(received.split()[1]) if received.startswith(b"HTTP/") else 0] += 1

    async def attack_socket(self, frames: bytes) -> None:
        """Open a WebSocket, send frames, and count its close code."""
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(5):
                await self._attack_socket(frames)

    async def _attack_socket(self, frames: bytes) -> None:
        async with self.connected(request(WATCH, **HANDSHAKE)) as (reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head.split()[1])
            self.answers[status] += 1
            if status != 101:
                return
            with contextlib.suppress(OSError):
                writer.write(frames)
                await writer.drain()
            while True:
                kind, size = await reader.readexactly(2)
                if size == 126:
                    (size,) = struct.unpack("!H", await reader.readexactly(2))
                elif size == 127:
                    (size,) = struct.unpack("!Q", await reader.readexactly(8))
                content = await reader.readexactly(size)
                if kind & 0x0F == 8:
                    self.answers[struct.unpack("!H", content[:2])[0]] += 1
                    return


async def slow_headers(attacker: Attacker) -> None:
    """Send headers byte by byte on many connections."""
    data = request(TOP, Connection="keep-alive", Cookie="c" * 1_000)

    async def drip() -> None:
        with contextlib.suppress(OSError):
            async with attacker.connected() as (_, writer):
                for byte in data:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(_PAUSE_S)
                    if not attacker.goes_on:
                        return

    await _together(attacker, drip, 100)


async def half_open(attacker: Attacker) -> None:
    """Hold 1,000 connections without a word."""

    async def hold() -> None:
        with contextlib.suppress(OSError, TimeoutError):
            async with attacker.connected() as (reader, _):
                async with asyncio.timeout(attacker.until - time.monotonic()):
                    await reader.read()

    await _together(attacker, hold, 1_000)


async def header_floods(attacker: Attacker) -> None:
    """Send headers without end, few large ones and many small ones, and targets without end."""
    large = b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + bytes([99]) * 2**18
    many = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a: b\r\n" * 50_000
    await _each(attacker, [large, many, b"GET /" + b"x" * 2**18])


async def uploads(attacker: Attacker) -> None:
    """Send bodies, announced or without end."""
    chunk = b"10000\r\n" + bytes(2**16) + b"\r\n"
    await _each(
        attacker,
        [
            request(TOP, "POST", Content_Length=str(2**30)) + bytes(2**20),
            request(TOP, Transfer_Encoding="chunked") + chunk * 16,
            request(TOP, "PUT", Content_Length="5") + b"hello",
        ],
    )


async def junk(attacker: Attacker) -> None:
    """Send what is no request, and handshakes that are none."""
    wrong = [
        {"Sec-WebSocket-Key": "short"},
        {"Sec-WebSocket-Version": "0"},
        {"Upgrade": "websocket, other"},
        {"Content-Length": "9"},
        {"Origin": "https://evil.example"},
        {"Sec-WebSocket-Protocol": ", ,;"},
        {"Host": "evil.example"},
    ]
    handshakes = [request(WATCH, **(HANDSHAKE | each)) for each in wrong]
    others = [bytes(range(256)) * 100, b"\x16\x03\x01\x02\0", request("//\\..%2f%00/%ff")]
    await _each(attacker, [*handshakes, *others])


async def frame_floods(attacker: Attacker) -> None:
    """Send wrong frames, and floods of right ones, each through a WebSocket of its own."""
    floods = [frame * max(1, 2**20 // len(frame)) for frame in _FRAMES.values()]
    for frames in itertools.cycle(floods):
        if not attacker.goes_on:
            return
        await attacker.attack_socket(frames)


async def stuck_readers(attacker: Attacker) -> None:
    """Watch with many WebSockets, and request large responses, and read nothing."""

    async def stay(data: bytes) -> None:
        with contextlib.suppress(OSError):
            async with attacker.connected(data, small=True):
                await asyncio.sleep(max(0.0, attacker.until - time.monotonic()))

    watching = request(WATCH, **HANDSHAKE)
    reading = request(TOP, Connection="keep-alive") * 20
    await asyncio.gather(
        _together(attacker, lambda: stay(watching), 100),
        _together(attacker, lambda: stay(reading), 100),
    )


async def many_watches(attacker: Attacker) -> None:
    """Open more WebSockets than one address may have, and requests as fast as they go."""
    await _each(attacker, [request(WATCH, **HANDSHAKE), request(TOP)])


ATTACKS: dict[str, tuple[Callable[[Attacker], Awaitable[None]], set[int]]] = {
    "slow-headers": (slow_headers, set()),
    "half-open": (half_open, set()),
    "header-floods": (header_floods, {400, 414, 431}),
    "uploads": (uploads, {405, 413, 429}),
    "junk": (junk, {101, 400, 403, 404, 421, 426, 429}),
    "frame-floods": (frame_floods, {101, 429, 1000, 1002, 1007, 1008, 1009}),
    "stuck-readers": (stuck_readers, set()),
    "many-watches": (many_watches, {101, 200, 429}),
}
"""Attacks, each with the statuses and close codes that it may be answered with, besides 0."""


async def _together(attacker: Attacker, act: Callable[[], Awaitable[None]], number: int) -> None:
    await asyncio.gather(*(act() for _ in range(number)))


async def _each(attacker: Attacker, requests: Sequence[bytes]) -> None:
    async def go_on() -> None:
        for data in itertools.cycle(requests):
            if not attacker.goes_on:
                return
            await attacker.send(*(data[at : at + 2**16] for at in range(0, len(data), 2**16)))

    await _together(attacker, go_on, 4)

"""Listeners for tests, and the small service that they serve."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import grpc

from leaderboard_front import Handlers, Listener, Settings, Status, Stream

SERVICE = "/test.Test/"
ECHO = SERVICE + "Echo"
FAIL = SERVICE + "Fail"
HANG = SERVICE + "Hang"
FUTURE = SERVICE + "Future"
COUNT = SERVICE + "Count"
WATCH = SERVICE + "Watch"
POUR = SERVICE + "Pour"
CHAT = SERVICE + "Chat"
HEALTH = SERVICE + "Health"


class Service:
    """What is served; it notes what happened to its handlers."""

    def __init__(self) -> None:
        self.calls = 0
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.stalled = asyncio.Event()
        self.go = asyncio.Event()
        self.watching = 0
        self.sent = 0
        self.lagged: list[int] = []

    async def echo(self, request: bytes) -> bytes:
        """Answer with the request."""
        self.calls += 1
        return request

    async def fail(self, request: bytes) -> bytes:
        """Raise what the request says."""
        raise ValueError(request.decode())

    async def hang(self, request: bytes) -> bytes:
        """Answer when the test lets it."""
        self.calls += 1
        self.begun.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return request

    def future(self, request: bytes) -> asyncio.Future[bytes]:
        """Answer through a future."""
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        future.get_loop().call_soon(future.set_result, request)
        return future

    async def count(self, request: bytes, send: Stream) -> None:
        """Send as many messages as the request says."""
        for number in range(int(request)):
            await send(str(number).encode())

    async def watch(self, request: bytes, send: Stream) -> None:
        """Join the topic that the request names, and send `behind` to get it on again."""
        mark = 0
        await send(b"joined")
        self.watching += 1
        try:
            while True:
                self.lagged.append(await send.follow(request.decode(), mark))
                await send(b"behind")
                mark = 1_000_000
        finally:
            self.watching -= 1

    async def pour(self, request: bytes, send: Stream) -> None:
        """Send messages of a size without end."""
        self.begun.set()
        try:
            while True:
                await send(b"x" * int(request))
                self.sent += 1
        except TimeoutError:
            self.stalled.set()
            raise
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def chat(self, requests: AsyncIterator[bytes], send: Stream) -> None:
        """Answer each request, and say goodbye."""
        async for request in requests:
            await send(b"re: " + request)
        await send(b"bye")

    def handlers(self) -> Handlers:
        """Return the handlers by path."""
        return Handlers(
            unary={
                ECHO: self.echo,
                FAIL: self.fail,
                HANG: self.hang,
                FUTURE: self.future,
                HEALTH: self.echo,
            },
            streaming={COUNT: self.count, WATCH: self.watch, POUR: self.pour},
            bidirectional={CHAT: self.chat},
        )


def status_of(error: Exception) -> Status:
    """Tell in a status what was raised."""
    if isinstance(error, TimeoutError):
        return Status(8, "stalled", b"stalled-details")
    return Status(3, f"{type(error).__name__}: {error}", b"\x08\x03details\xff")


class Served:
    """A running listener, its service, and a channel to it."""

    def __init__(self, service: Service, listener: Listener, port: int) -> None:
        self.service = service
        self.listener = listener
        self.front = listener.front
        self.port = port
        self.stopped = False
        self.address = f"127.0.0.1:{port}"
        self.channel = grpc.aio.insecure_channel(
            self.address, options=[("grpc.use_local_subchannel_pool", 1)]
        )

    async def stop(self, grace_s: float) -> None:
        """Stop the listener before the end of the test."""
        self.stopped = True
        await self.listener.stop(grace_s)

    def unary(self, path: str) -> Any:
        """Return a callable for a unary method, of bytes."""
        return self.channel.unary_unary(path)

    def stream(self, path: str) -> Any:
        """Return a callable for a streaming method, of bytes."""
        return self.channel.unary_stream(path)

    def chat(self, path: str) -> Any:
        """Return a callable for a bidirectional method, of bytes."""
        return self.channel.stream_stream(path)


@contextlib.asynccontextmanager
async def serve(**settings: Any) -> AsyncIterator[Served]:
    """Run a listener for a test."""
    service = Service()
    values = {"address": "127.0.0.1:0"} | settings
    listener = Listener(Settings(**values), service.handlers(), status_of)
    served = Served(service, listener, await listener.start())
    try:
        yield served
    finally:
        service.go.set()
        await served.channel.close()
        if not served.stopped:
            async with asyncio.timeout(20):
                await listener.stop(0)


async def still_serves(served: Served) -> None:
    """Check that a proper client is answered."""
    assert await served.unary(ECHO)(b"alive", timeout=10) == b"alive"


async def until(condition: Any) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is waited for is not in this loop
            await asyncio.sleep(0.005)

"""Listeners for tests, and the small service behind them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import grpc

from leaderboard_front import EndedConnections, Handlers, Listener, Settings, Status, Stream

SERVICE = "/test.Test/"
ECHO = SERVICE + "Echo"
FAIL = SERVICE + "Fail"
HANG = SERVICE + "Hang"
BATCH = SERVICE + "Batch"
COUNT = SERVICE + "Count"
WATCH = SERVICE + "Watch"
POUR = SERVICE + "Pour"
CHAT = SERVICE + "Chat"
HEALTH = SERVICE + "Health"
IDLE = SERVICE + "Idle"


class Service:
    """The handlers of the test service; records the events of its calls."""

    def __init__(self) -> None:
        self.calls = 0
        self.running = 0
        """Handlers that hang."""
        self.started = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.stalled = asyncio.Event()
        self.go = asyncio.Event()
        self.watching = 0
        self.sent = 0
        self.batches: list[list[tuple[int, bytes]]] = []
        """The calls of `batch`, as they were handed over."""
        self.batch_error: Exception | None = None
        """What `batch` raises, if anything."""
        self.evicted: list[int] = []
        """The cursors of evicted streams."""

    async def echo(self, request: bytes) -> bytes:
        """Return the request."""
        self.calls += 1
        return request

    async def fail(self, request: bytes) -> bytes:
        """Raise an error with the request as its text."""
        raise ValueError(request.decode())

    async def hang(self, request: bytes) -> bytes:
        """Return the request once the test sets `go`."""
        self.calls += 1
        self.running += 1
        self.started.set()
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        finally:
            self.running -= 1
        return request

    async def count(self, request: bytes, stream: Stream) -> None:
        """Send the number of messages in the request."""
        for number in range(int(request)):
            await stream.send(str(number).encode())

    async def watch(self, request: bytes, stream: Stream) -> None:
        """Follow the group in the request; after an eviction send `behind` and follow again."""
        cursor = 0
        await stream.send(b"joined")
        self.watching += 1
        try:
            while True:
                self.evicted.append(await stream.follow(request.decode(), cursor))
                await stream.send(b"behind")
                cursor = 1_000_000
        finally:
            self.watching -= 1

    async def pour(self, request: bytes, stream: Stream) -> None:
        """Send messages of the size in the request endlessly."""
        self.started.set()
        try:
            while True:
                await stream.send(b"x" * int(request))
                self.sent += 1
        except TimeoutError:
            self.stalled.set()
            raise
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def chat(self, requests: AsyncIterator[bytes], stream: Stream) -> None:
        """Respond to each request, and send `bye` at their end."""
        async for request in requests:
            await stream.send(b"re: " + request)
        await stream.send(b"bye")

    def batch(self, calls: Sequence[tuple[int, bytes]]) -> None:
        """Record the calls, which the test answers."""
        self.batches.append(list(calls))
        if self.batch_error:
            raise self.batch_error

    def handlers(self) -> Handlers:
        """Return the handlers by path."""
        return Handlers(
            batched={BATCH: self.batch},
            unary={
                ECHO: self.echo,
                FAIL: self.fail,
                HANG: self.hang,
                HEALTH: self.echo,
            },
            stream={COUNT: self.count, WATCH: self.watch, POUR: self.pour, IDLE: self.watch},
            bidi={CHAT: self.chat},
            unlimited=frozenset({HEALTH, IDLE}),
        )


def status_of(error: Exception) -> Status:
    """Return the status of an error."""
    if isinstance(error, TimeoutError):
        return Status(8, "stalled", b"stalled-details")
    return Status(3, f"{type(error).__name__}: {error}", b"\x08\x03details\xff")


class Served:
    """A running listener, its service, and a channel to it."""

    def __init__(
        self, service: Service, listener: Listener, port: int, ended: list[EndedConnections]
    ) -> None:
        self.service = service
        self.listener = listener
        self.front = listener.front
        self.port = port
        self.ended = ended
        """The reports of ended connections."""
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

    def bidi(self, path: str) -> Any:
        """Return a callable for a bidi method, of bytes."""
        return self.channel.stream_stream(path)


DETAILS = b"\x08\x08the details"
REFUSALS = {
    name: Status(8, f"over {name}", DETAILS)
    for name in ("message", "metadata", "calls", "connection", "streams", "queue", "memory")
} | {"stopping": Status(14, "stopping")}


@contextlib.asynccontextmanager
async def serve(**settings: Any) -> AsyncIterator[Served]:
    """Run a listener for a test."""
    service = Service()
    values = {"address": "127.0.0.1:0", "refusals": REFUSALS} | settings
    reports: list[EndedConnections] = []
    listener = Listener(Settings(**values), status_of, reports.append)
    served = Served(service, listener, await listener.start(service.handlers()), reports)
    try:
        yield served
    finally:
        service.go.set()
        await served.channel.close()
        if not served.stopped:
            async with asyncio.timeout(20):
                await listener.stop(0)


async def still_serves(served: Served) -> None:
    """Check that a call of a normal client succeeds."""
    assert await served.unary(ECHO)(b"alive", timeout=10) == b"alive"


async def until_admitted(call: Callable[[], Awaitable[Any]]) -> None:
    """Repeat a call until earlier calls have ended and it is accepted."""
    async with asyncio.timeout(20):
        while True:
            try:
                await call()
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
            else:
                return


async def until(condition: Any) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the condition changes outside this loop
            await asyncio.sleep(0.005)

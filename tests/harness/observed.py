"""A listener in this process with methods of every kind, whose calls are observed."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import grpc

from harness.service import CHANNEL_OPTIONS
from harness.waiting import eventually
from leaderboard_server.domain.errors import ContestNotFound
from leaderboard_server.transport.choice import ListenerName, make_listener
from leaderboard_server.transport.listener import Endpoint, Limits, Listener, Services, Stream
from leaderboard_server.transport.observation import MethodCounts, Observation
from leaderboard_server.transport.parsing import MAX_REQUEST_BYTES
from leaderboard_server.transport.statuses import MessageTooLarge, Overloaded

ECHO, FAIL, WAIT, BATCH = "/a.B/Echo", "/a.B/Fail", "/a.B/Wait", "/a.B/Batch"
COUNT, FOLLOW, TALK, HEALTH = "/a.B/Count", "/a.B/Follow", "/a.B/Talk", "/a.B/Health"
GROUP = "group"
FAILS, OVERLOADED = b"fail", b"overloaded"
"""Requests at which `Batch` and `Count` fail, and at which `Fail` is at a limit."""
_NOTHING = Observation()
TRACE_CONTEXT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Methods:
    """The methods, and what a test waits for."""

    def __init__(self) -> None:
        self.listener: Listener
        self.waiting = 0
        self.gate = asyncio.Event()
        self.trace_contexts: list[str | None] = []
        """What the listener returned within each call, in their order."""

    async def echo(self, request: bytes) -> bytes:
        """Return the request, which the front itself refuses if it is too large."""
        if len(request) > MAX_REQUEST_BYTES:
            raise MessageTooLarge(MAX_REQUEST_BYTES)
        self.trace_contexts.append(self.listener.trace_context())
        return request

    async def fail(self, request: bytes) -> bytes:
        """Fail with NOT_FOUND, or with the limit of health."""
        if request == OVERLOADED:
            raise Overloaded("health")
        raise ContestNotFound("a")

    async def wait(self, request: bytes) -> bytes:
        """Return the request once the test sets `gate`."""
        self.waiting += 1
        await self.gate.wait()
        return request

    def batch(self, calls: Sequence[tuple[int, bytes]]) -> None:
        """Answer each call with its request."""
        for call, request in calls:
            self.trace_contexts.append(self.listener.trace_context(call))
            if request == FAILS:
                self.listener.fail(call, ContestNotFound("a"))
            else:
                self.listener.answer(call, request)

    async def count(self, request: bytes, stream: Stream) -> None:
        """Send the number of messages in the request, or one message before the error."""
        self.trace_contexts.append(self.listener.trace_context())
        if request == FAILS:
            await stream.send(b"one")
            raise ContestNotFound("a")
        for number in range(int(request)):
            await stream.send(b"%d" % number)

    async def follow(self, request: bytes, stream: Stream) -> None:
        """Send the request, and follow a group."""
        await stream.send(request)
        self.waiting += 1
        await stream.follow(GROUP, 0)

    async def talk(self, requests: AsyncIterator[bytes], stream: Stream) -> None:
        """Send back each request."""
        async for request in requests:
            await stream.send(request)

    def services(self) -> Services:
        """Return the methods by path."""
        return Services(
            batched={BATCH: self.batch},
            unary={ECHO: self.echo, FAIL: self.fail, WAIT: self.wait, HEALTH: self.echo},
            stream={COUNT: self.count, FOLLOW: self.follow},
            bidi={TALK: self.talk},
            unlimited=frozenset({HEALTH}),
        )


class Observed:
    """A running listener, and a channel to it."""

    def __init__(self, listener: Listener, methods: Methods, port: int) -> None:
        self.listener = listener
        self.methods = methods
        self.port = port
        self.channel = self.connect()

    def connect(self) -> grpc.aio.Channel:
        """Return a channel with a connection of its own."""
        return grpc.aio.insecure_channel(f"127.0.0.1:{self.port}", options=CHANNEL_OPTIONS)

    def unary(self, path: str) -> Any:
        """Return a callable for a unary method, of bytes."""
        return self.channel.unary_unary(path)

    def stream(self, path: str) -> Any:
        """Return a callable for a streaming method, of bytes."""
        return self.channel.unary_stream(path)

    def method(self, path: str) -> MethodCounts:
        """Return the counts of a method."""
        (counts,) = (it for it in self.listener.counts().methods if it.path == path)
        return counts

    def ended(self) -> Counter[tuple[str, int]]:
        """Return how many calls ended, by path and code."""
        ended = Counter[tuple[str, int]]()
        for method in self.listener.counts().methods:
            ended.update({(method.path, code): count for code, count in method.ended.items()})
        return ended

    def refused(self) -> dict[str, int]:
        """Return the limits that refused calls, and how many."""
        return {limit: count for limit, count in self.listener.counts().refusals.items() if count}

    async def until_ended(self, *calls: tuple[str, int]) -> None:
        """Wait until exactly these calls have ended."""
        expected = Counter(calls)
        await eventually(lambda: self.ended() == expected, f"the ends {dict(expected)}")

    async def until_waiting(self, count: int = 1) -> None:
        """Wait until so many calls of `Wait` and `Follow` have begun."""
        await eventually(lambda: self.methods.waiting == count, f"{count} calls wait")


@contextlib.asynccontextmanager
async def observed(
    name: ListenerName, observation: Observation = _NOTHING, **limits: int
) -> AsyncIterator[Observed]:
    """Run a listener for a test."""
    methods = Methods()
    values: dict[str, Any] = {
        "max_calls": 5_000,
        "max_calls_per_connection": 5_000,
        "max_watchers": 1_000,
        "write_timeout_s": 10,
    }
    listener = methods.listener = make_listener(
        name,
        Endpoint(address="127.0.0.1:0"),
        Limits(**values | limits),
        observation,
    )
    served = Observed(listener, methods, await listener.start(methods.services()))
    try:
        yield served
    finally:
        methods.gate.set()
        await served.channel.close()
        await listener.drain()
        await listener.stop()

"""Limits of streams, queue and memory: a call over a limit is refused, others succeed."""

import asyncio
import threading

import grpc
import pytest

from front.listeners import CHAT, COUNT, ECHO, HANG, HEALTH, serve, still_serves, until_admitted
from front.raw_client import connect, framed


async def test_streams_over_the_limit_are_refused_at_once() -> None:
    """Streams have a limit of their own, which does not affect unary calls."""
    async with serve(max_streams=1) as served:
        chat = served.bidi(CHAT)()
        await chat.write(b"hi")
        assert await chat.read() == b"re: hi"
        with pytest.raises(grpc.aio.AioRpcError, match="over streams"):
            await served.stream(COUNT)(b"1").read()
        await still_serves(served)
        await chat.done_writing()
        assert await chat.read() == b"bye"


async def test_calls_queued_for_python_are_bounded() -> None:
    """While the interpreter is busy, calls over the length of the queue are refused."""
    async with serve(max_queue=10) as served:
        refused = threading.Event()
        statuses: list[dict[str, str]] = []

        async def call() -> None:
            async with connect(served.port) as client:
                streams = [await client.start(ECHO) for _ in range(15)]
                for stream in streams:
                    await client.data(stream, framed(b"a"))
                statuses.extend([await client.ended(stream) for stream in streams[10:]])
                refused.set()
                statuses.extend([await client.ended(stream) for stream in streams[:10]])

        thread = threading.Thread(target=lambda: asyncio.run(call()))
        thread.start()
        assert refused.wait(20)  # blocks the loop of the handlers
        await asyncio.to_thread(thread.join)
        assert [status["grpc-message"] for status in statuses[:5]] == ["over queue"] * 5
        assert [status["grpc-status"] for status in statuses[5:]] == ["0"] * 10


async def test_unfinished_requests_take_no_slot() -> None:
    """A caller that starts requests and never finishes them doesn't block other callers."""
    async with serve(max_calls=1) as served, connect(served.port) as client:
        for _ in range(10):
            await client.data(await client.start(ECHO), framed(b"x", length=100), end=False)
        await still_serves(served)


async def test_unlimited_methods_have_memory_of_their_own() -> None:
    """Health responds while the memory for requests is used up."""
    async with (
        serve(max_buffered_bytes=2_000) as served,
        connect(served.port) as client,
    ):
        await client.data(await client.start(ECHO), framed(b"x" * 900, length=4_000), end=False)
        await client.ping()
        refused = await client.call(ECHO, framed(b"x" * 200))
        assert refused["grpc-status"] == "8"
        assert await served.unary(HEALTH)(b"healthy") == b"healthy"


async def test_a_request_is_counted_until_its_call_is_over() -> None:
    """The memory of a request is counted while its handler runs."""
    async with serve(max_buffered_bytes=2_000) as served:
        hanging = asyncio.ensure_future(served.unary(HANG)(b"x" * 900))
        await asyncio.wait_for(served.service.started.wait(), 10)
        with pytest.raises(grpc.aio.AioRpcError, match="over memory"):
            await served.unary(ECHO)(b"x" * 200)
        served.service.go.set()
        await hanging
        await until_admitted(lambda: served.unary(ECHO)(b"x" * 900))


async def test_requests_together_are_bounded() -> None:
    """Many unfinished requests together take no more memory than the limit."""
    async with (
        serve(max_buffered_bytes=200_000) as served,
        connect(served.port) as client,
    ):
        first, second = await client.start(ECHO), await client.start(ECHO)
        await client.data(first, framed(b"x" * 60_000, length=90_000), end=False)
        await client.data(second, framed(b"x" * 60_000, length=90_000), end=False)
        assert (await client.ended(second))["grpc-message"] == "over memory"
        client.h2.reset_stream(first)
        await client.flush()
        await until_admitted(lambda: served.unary(ECHO)(b"x" * 90_000))


async def test_a_request_that_never_ends_has_a_timeout() -> None:
    """A caller that sends one byte of a request gets DEADLINE_EXCEEDED."""
    async with (
        serve(request_timeout_s=0.2, max_calls=1) as served,
        connect(served.port) as client,
    ):
        stream = await client.start(ECHO)
        await client.data(stream, b"\x00", end=False)
        assert (await client.ended(stream))["grpc-status"] == "4"
        await still_serves(served)

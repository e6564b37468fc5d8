"""More calls than the limit: each gets a status, and no other call fails."""

import asyncio
import contextlib

import grpc
import h2.errors
import h2.events
import h2.exceptions
import pytest

from front.listeners import (
    CHAT,
    COUNT,
    DETAILS,
    ECHO,
    HANG,
    HEALTH,
    WATCH,
    serve,
    still_serves,
    until,
)
from front.raw_client import RawClient, connect, framed


async def test_calls_over_the_limit_are_refused() -> None:
    """A call over the limit gets its status with details; health still responds."""
    async with serve(max_calls=2) as served:
        hanging = [asyncio.ensure_future(served.unary(HANG)(b"")) for _ in range(2)]
        await until(lambda: served.service.calls == 2)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await served.unary(ECHO)(b"")
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        trailers = dict(caught.value.trailing_metadata() or ())
        assert trailers["grpc-status-details-bin"] == DETAILS
        assert await served.unary(HEALTH)(b"healthy") == b"healthy"
        assert [message async for message in served.stream(COUNT)(b"1")] == [b"0"]
        served.service.go.set()
        await asyncio.gather(*hanging)
        await still_serves(served)


async def test_many_refusals_do_not_delay_open_streams() -> None:
    """Each call over the limit gets its status in turn; open streams are not delayed."""
    async with serve(max_calls=1) as served:
        hanging = asyncio.ensure_future(served.unary(HANG)(b""))
        await until(lambda: served.service.calls == 1)
        chat = served.bidi(CHAT)()
        refused = [asyncio.ensure_future(served.unary(ECHO)(b"")) for _ in range(900)]
        await chat.write(b"hi")
        assert await chat.read() == b"re: hi"
        errors = await asyncio.gather(*refused, return_exceptions=True)
        statuses = [error.code() for error in errors if isinstance(error, grpc.RpcError)]
        assert statuses == [grpc.StatusCode.RESOURCE_EXHAUSTED] * len(refused)
        served.service.go.set()
        await hanging
        await still_serves(served)


async def test_a_caller_that_is_often_refused_keeps_its_connection() -> None:
    """Thousands of refusals do not count as a flood of the caller."""
    async with serve(max_calls=0) as served, connect(served.port) as client:
        for _ in range(30):
            streams = [await client.start(ECHO) for _ in range(100)]
            for stream in streams:
                assert (await client.ended(stream))["grpc-status"] == "8"
            for stream in streams:
                await client.data(stream, framed(b"abc"), end=False)
                client.h2.end_stream(stream)
            client.events.clear()
        assert (await client.call(ECHO, framed(b"a")))["grpc-status"] == "8"
        assert not client.seen(h2.events.StreamReset)
        assert not client.lost


async def test_cancelling_pending_calls_keeps_the_connection() -> None:
    """Cancelling calls that wait behind others keeps the connection and its other calls."""
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(serve(max_calls=10))
        hanging = [asyncio.ensure_future(served.unary(HANG)(b"")) for _ in range(10)]
        await until(lambda: served.service.calls == 10)
        client = await stack.enter_async_context(connect(served.port))
        watch = await client.start(WATCH)
        await client.data(watch, framed(b"group"))
        await client.until(lambda: client.seen(h2.events.DataReceived))
        for _ in range(15):
            other = await stack.enter_async_context(connect(served.port))
            await _start_calls(other, 990)

        for _ in range(30):
            streams = await _start_calls(client, 60)
            await client.ping()  # resets of streams that were not read yet count as a flood
            for stream in streams:
                with contextlib.suppress(h2.exceptions.StreamClosedError):  # refused by now
                    client.h2.reset_stream(stream, h2.errors.ErrorCodes.CANCEL)
            await client.flush()

        served.service.go.set()
        await asyncio.gather(*hanging)
        async with asyncio.timeout(20):
            while (await client.call(ECHO, framed(b"still here")))["grpc-status"] != "0":
                pass  # other calls may be at the limit for a moment
        client.events.clear()
        served.front.publish("group", b"a message", 1)
        await client.until(lambda: client.seen(h2.events.DataReceived))
        assert not client.seen(h2.events.ConnectionTerminated)


async def _start_calls(client: RawClient, count: int) -> list[int]:
    """Send a number of calls at once."""
    streams = []
    for _ in range(count):
        stream = client.queue(ECHO)
        client.h2.send_data(stream, framed(b""), end_stream=True)
        streams.append(stream)
    await client.flush()
    return streams

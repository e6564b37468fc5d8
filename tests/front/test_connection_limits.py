"""Limits of one connection: calls, unread responses, streams, and memory. Others don't notice."""

import asyncio
import contextlib

import grpc
import h2.events
import h2.exceptions
import pytest

from front.listeners import (
    ECHO,
    HANG,
    HEALTH,
    IDLE,
    POUR,
    WATCH,
    Served,
    serve,
    still_serves,
    until,
    until_admitted,
)
from front.raw_client import RawClient, connect, framed


@pytest.mark.parametrize("piece", [1_000, 1], ids=["at once", "byte by byte"])
async def test_a_slot_is_free_when_the_response_is_made(piece: int) -> None:
    """A caller that reads no response takes no slot of others for longer than its handlers run."""
    async with serve(max_calls=10) as served, connect(served.port, window=0) as client:
        body = framed(b"x")
        streams = [await client.start(ECHO) for _ in range(10)]
        for start in range(0, len(body), piece):
            for stream in streams:
                await client.data(stream, body[start : start + piece], end=False)
        for stream in streams:
            client.h2.end_stream(stream)
        await client.flush()
        await until(lambda: served.service.calls == 10)
        async with asyncio.timeout(10):
            await until_admitted(lambda: served.unary(ECHO)(b"others"))
        assert not client.seen(h2.events.StreamEnded)


async def test_calls_of_one_connection_are_limited() -> None:
    """A call over the limit of its connection is refused; other connections have slots."""
    async with (
        serve(max_calls=10, max_calls_per_connection=2) as served,
        connect(served.port) as client,
    ):
        hanging = [await _call(client, HANG) for _ in range(2)]
        await until(lambda: served.service.calls == 2)
        refused = await client.call(ECHO, framed(b""))
        assert (refused["grpc-status"], refused["grpc-message"]) == ("8", "over connection")
        await still_serves(served)
        served.service.go.set()
        for stream in hanging:
            assert (await client.ended(stream))["grpc-status"] == "0"
        assert (await client.call(ECHO, framed(b"")))["grpc-status"] == "0"


async def test_a_call_over_both_limits_is_refused_with_that_of_all_calls() -> None:
    """The limit of all calls comes first: it is no use to open another connection."""
    async with (
        serve(max_calls=1, max_calls_per_connection=1) as served,
        connect(served.port) as client,
    ):
        await _call(client, HANG)
        await until(lambda: served.service.calls == 1)
        assert (await client.call(ECHO, framed(b"")))["grpc-message"] == "over calls"


async def test_unread_responses_are_calls_of_their_connection() -> None:
    """A response takes a slot of its connection until it is read."""
    async with (
        serve(max_calls_per_connection=3) as served,
        connect(served.port, window=0) as client,
    ):
        unread = [await _call(client, ECHO, b"x") for _ in range(3)]
        await until(lambda: served.service.calls == 3)
        await client.ping()
        assert (await client.call(ECHO, framed(b"")))["grpc-message"] == "over connection"
        for stream in unread:
            client.h2.increment_flow_control_window(1_000, stream)
        await client.flush()
        for stream in unread:
            assert (await client.ended(stream))["grpc-status"] == "0"
        last = await _call(client, ECHO, b"x")
        client.h2.increment_flow_control_window(1_000, last)
        await client.flush()
        assert (await client.ended(last))["grpc-status"] == "0"
        assert not served.ended


async def test_cached_responses_are_calls_of_their_connection() -> None:
    """Responses from the cache are limited alike when they are not read."""
    async with (
        serve(max_calls_per_connection=3) as served,
        connect(served.port, window=0) as client,
    ):
        served.front.put_response(ECHO, b"board", "tag", b"rows")
        # Which one is refused depends on whether their requests arrive with their headers.
        for _ in range(4):
            await _call(client, ECHO, b"board")
        await client.until(lambda: client.seen(h2.events.StreamEnded))
        (refused,) = client.seen(h2.events.StreamEnded)
        assert (await client.ended(refused.stream_id))["grpc-message"] == "over connection"
        assert served.service.calls == 0
        assert await served.unary(ECHO)(b"board") == b"rows"


async def test_too_much_that_is_not_read_ends_the_connection() -> None:
    """A connection that leaves more unread than the memory allows ends, and a report says why."""
    async with (
        serve(max_unread_bytes=100_000) as served,
        connect(served.port, window=0) as client,
    ):
        await _call(client, ECHO, b"x" * 30_000)
        await until(lambda: served.service.calls == 1)
        await client.ping()
        with contextlib.suppress(ConnectionError):
            await _call(client, ECHO, b"x" * 30_000)
        await client.until_lost()
        assert [int(end.error_code) for end in client.seen(h2.events.ConnectionTerminated)] == [11]
        await until(lambda: served.ended)
        assert [report.unread for report in served.ended] == [1]
        assert await served.unary(ECHO)(b"x" * 30_000) == b"x" * 30_000


async def test_messages_of_streams_that_are_not_read_are_bounded() -> None:
    """A stream whose messages don't fit into the memory is refused; the others go on."""
    async with (
        serve(max_unread_bytes=100_000) as served,
        connect(served.port, window=0) as client,
    ):
        first = await _call(client, POUR, b"30000")
        await until(lambda: served.service.sent)
        await client.ping()
        assert (await client.call(POUR, framed(b"30000")))["grpc-message"] == "over memory"
        assert await served.unary(ECHO)(b"x" * 30_000) == b"x" * 30_000
        before = served.service.sent
        client.h2.increment_flow_control_window(100_000, first)
        await client.flush()
        await until(lambda: served.service.sent > before)
        assert not served.ended


async def test_unread_responses_of_many_connections_end_no_other() -> None:
    """Connections that take in turn what the memory allows leave enough for one that reads."""
    async with (
        serve(max_unread_bytes=1_000_000) as served,
        contextlib.AsyncExitStack() as connections,
    ):
        free = 1_000_000
        for number in range(12):
            client = await connections.enter_async_context(connect(served.port, window=0))
            size = int(free * 0.49)
            free -= size
            await _call(client, ECHO, b"x" * (size - len(framed(b""))))
            await until(lambda number=number: served.service.calls > number)
            await client.ping()
        reading = await connections.enter_async_context(connect(served.port))
        assert (await reading.call(ECHO, framed(b"x" * 100)))["grpc-status"] == "0"
        assert not served.ended


async def test_a_connection_at_its_limit_that_reads_nothing_ends() -> None:
    """A caller that goes on calling and reads no response loses its connection after a while."""
    async with (
        serve(max_calls_per_connection=3) as served,
        connect(served.port, window=0) as client,
    ):
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(20):
                while True:
                    await _call(client, ECHO, b"x")
                    await client.ping()
        await client.until_lost()
        assert [int(end.error_code) for end in client.seen(h2.events.ConnectionTerminated)] == [11]
        await still_serves(served)


async def test_unlimited_calls_of_one_connection_are_limited() -> None:
    """One connection may have 100 calls open of the methods that are exempt from other limits."""
    async with serve(max_calls=0, max_streams=0) as served, connect(served.port) as client:
        for _ in range(100):
            await _call(client, IDLE, b"group")
        await until(lambda: served.service.watching == 100)
        assert (await client.call(IDLE, framed(b"")))["grpc-message"] == "over connection"
        assert await served.unary(HEALTH)(b"healthy") == b"healthy"


async def test_a_connection_leaves_memory_for_the_requests_of_others() -> None:
    """However much of its requests a connection leaves unfinished, others have as much memory."""
    async with serve(max_buffered_bytes=100_000) as served, connect(served.port) as client:
        for _ in range(10):
            stream = await client.start(ECHO)
            with contextlib.suppress(h2.exceptions.StreamClosedError):  # refused by now
                await client.data(stream, framed(b"x" * 15_000, length=90_000), end=False)
        await client.ping()
        assert await served.unary(ECHO)(b"x" * 20_000) == b"x" * 20_000


async def test_watches_on_a_channel_do_not_block_its_calls() -> None:
    """With more than 1,000 watches on a channel, its unary calls are answered."""
    async with serve(max_streams=6_000) as served:
        watches = [served.stream(WATCH)(b"group") for _ in range(1_200)]
        for watch in watches:
            assert await watch.read() == b"joined"
        assert await served.unary(ECHO)(b"alive", timeout=10) == b"alive"
        for watch in watches:
            watch.cancel()


async def test_watches_of_one_connection_are_limited() -> None:
    """One connection can't take all streams: a stream over its limit is refused."""
    async with serve(max_streams=2_000) as served, connect(served.port) as client:
        for _ in range(1_000):
            await _call(client, WATCH, b"group")
        await until(lambda: served.service.watching == 1_000)
        assert (await client.call(WATCH, framed(b"")))["grpc-message"] == "over connection"
        await _watches(served)


async def test_a_refusal_is_the_status_of_grpc() -> None:
    """A real client gets RESOURCE_EXHAUSTED for a call over the limit of its connection."""
    async with serve(max_calls_per_connection=1) as served:
        hanging = asyncio.ensure_future(served.unary(HANG)(b""))
        await until(lambda: served.service.calls == 1)
        with pytest.raises(grpc.aio.AioRpcError, match="over connection") as refused:
            await served.unary(ECHO)(b"")
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        served.service.go.set()
        await hanging


async def _watches(served: Served) -> None:
    watch = served.stream(WATCH)(b"group")
    assert await watch.read() == b"joined"
    watch.cancel()


async def _call(client: RawClient, path: str, message: bytes = b"") -> int:
    """Send a call, and return its stream."""
    stream = await client.start(path)
    await client.data(stream, framed(message))
    return stream

"""Streams, and receivers that are slow or dead."""

import asyncio

import grpc
import h2.events
import pytest

from front.listeners import (
    CHAT,
    COUNT,
    ECHO,
    FAIL,
    POUR,
    WATCH,
    Served,
    serve,
    until,
    until_admitted,
)
from front.raw_client import connect, framed


async def test_messages_arrive_in_order() -> None:
    """All messages of a stream arrive, in order, and then its end."""
    async with serve() as served:
        messages = [message async for message in served.stream(COUNT)(b"5000")]
        assert messages == [str(number).encode() for number in range(5_000)]


async def test_a_stream_may_end_with_an_error() -> None:
    """An exception of the handler becomes the status."""
    async with serve() as served:
        with pytest.raises(grpc.aio.AioRpcError, match="ValueError"):
            await served.stream(COUNT)(b"not a number").read()
        with pytest.raises(grpc.aio.AioRpcError, match="ValueError"):
            await served.unary(FAIL)(b"x")


async def test_a_bidi_method_receives_every_request() -> None:
    """Requests and responses alternate, and the handler sees the end of the requests."""
    async with serve() as served:
        chat = served.bidi(CHAT)()
        for number in range(100):
            await chat.write(b"%d" % number)
            assert await chat.read() == b"re: %d" % number
        await chat.done_writing()
        assert await chat.read() == b"bye"
        assert await chat.read() is grpc.aio.EOF


async def test_a_cancelled_stream_stops_its_handler() -> None:
    """The handler of a stream is cancelled when its caller disconnects."""
    async with serve(max_streams=1) as served:
        call = served.stream(POUR)(b"10")
        assert await call.read() == b"x" * 10
        call.cancel()
        async with asyncio.timeout(10):
            await served.service.cancelled.wait()
        await until_slot_is_free(served)


async def until_slot_is_free(served: Served) -> None:
    """Wait until the only stream that the listener admits has ended."""
    await until_admitted(lambda: served.stream(COUNT)(b"1").read())


async def test_a_receiver_that_keeps_up_leaves_time_for_others() -> None:
    """While a stream sends at full speed, calls succeed."""
    async with serve() as served:
        call = served.stream(POUR)(b"10")
        assert await call.read() == b"x" * 10
        for _ in range(20):
            assert await served.unary(ECHO)(b"x", timeout=10) == b"x"
        call.cancel()


async def test_commands_for_a_call_that_is_over_have_no_effect() -> None:
    """A command for an ended call does not fail, and later calls succeed."""
    async with serve() as served:
        front = served.front
        assert not front.send(4_711, b"x")
        front.respond([(4_711, b"x", 0, "", None)])
        front.follow(4_711, "group", 0, 1)
        front.publish("group", b"x", 1)
        assert await served.unary(ECHO)(b"x") == b"x"


async def test_a_receiver_that_accepts_nothing_is_reported_and_ended() -> None:
    """A receiver that accepts no message gets the status of its handler."""
    async with (
        serve(write_timeout_s=0.3, max_streams=1) as served,
        connect(served.port, window=0) as client,
    ):
        stream = await client.start(POUR)
        await client.data(stream, framed(b"10"))
        ended = await client.ended(stream)
        assert ended["grpc-status"] == "8"
        assert ended["grpc-status-details-bin"] == "c3RhbGxlZC1kZXRhaWxz"
        assert served.service.stalled.is_set()
        await until_slot_is_free(served)


async def test_a_receiver_that_stops_in_a_message_is_reset() -> None:
    """A status can't interrupt a message, so a reset ends the stream."""
    async with serve(write_timeout_s=0.3) as served, connect(served.port, window=7) as client:
        stream = await client.start(POUR)
        await client.data(stream, framed(b"100"))
        await client.ended(stream)
        resets = client.seen(h2.events.StreamReset)
        assert [int(reset.error_code) for reset in resets] == [11]


async def test_a_receiver_that_stalled_gets_what_was_sent_if_it_reads_on() -> None:
    """All messages arrive complete, and after them the status with the reason of the end."""
    async with serve(write_timeout_s=1) as served, connect(served.port, window=7) as client:
        stream = await client.start(POUR)
        await client.data(stream, framed(b"10"))
        await asyncio.wait_for(served.service.stalled.wait(), 10)
        client.h2.increment_flow_control_window(100_000, stream)
        await client.flush()
        assert (await client.ended(stream))["grpc-status"] == "8"
        received = b"".join(event.data for event in client.seen(h2.events.DataReceived))
        # the last one is the message that the handler could not send
        assert received == framed(b"x" * 10) * (served.service.sent + 1)


async def test_messages_queued_for_a_receiver_are_bounded() -> None:
    """The handler of a stream that isn't read waits for its send buffer."""
    async with serve() as served, connect(served.port, window=0) as client:
        stream = await client.start(POUR)
        await client.data(stream, framed(b"10"))
        await until(lambda: served.service.sent == 16)
        for _ in range(20):
            await served.unary(ECHO)(b"time passes")
        assert served.service.sent == 16
        client.h2.increment_flow_control_window(30, stream)
        await client.flush()
        await until(lambda: served.service.sent == 18)


@pytest.mark.parametrize(("size", "fitting"), [(30_000, 2), (70_000, 1)])
async def test_bytes_queued_for_a_receiver_are_bounded(size: int, fitting: int) -> None:
    """Large messages fill the buffer sooner; one larger than the buffer is queued alone."""
    async with serve() as served, connect(served.port, window=0) as client:
        await client.data(await client.start(POUR), framed(b"%d" % size))
        await until(lambda: served.service.sent == fitting)
        for _ in range(20):
            await served.unary(ECHO)(b"time passes")
        assert served.service.sent == fitting


@pytest.mark.parametrize("window", [0, 1_000_000])
async def test_the_deadline_ends_a_stream_that_is_not_read(window: int) -> None:
    """DEADLINE_EXCEEDED reaches a receiver that accepts no message, or has none to accept."""
    async with (
        serve(max_streams=1) as served,
        connect(served.port, window=window) as client,
    ):
        path, request = (WATCH, b"group") if window else (POUR, b"10")
        stream = await client.start(path, ("grpc-timeout", "300m"))
        await client.data(stream, framed(request))
        assert (await client.ended(stream))["grpc-status"] == "4"
        await until_slot_is_free(served)

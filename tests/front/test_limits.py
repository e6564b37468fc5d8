"""Whatever a caller does, it gets the right answer at once, and the others notice nothing."""

import asyncio
import contextlib
import gzip
import resource

import grpc
import h2.events
import pytest

from front.listeners import CHAT, COUNT, ECHO, HANG, HEALTH, serve, still_serves, until
from front.raw_client import connect, framed
from leaderboard_front import Status

DETAILS = b"\x08\x08the details"
REFUSALS = {
    name: Status(8, f"over {name}", DETAILS)
    for name in ("message", "metadata", "calls", "streams", "queue", "memory")
}
DETAILS_TEXT = "CAh0aGUgZGV0YWlscw"


def peak_bytes() -> int:
    """Return the most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


async def test_a_large_message_is_refused_by_its_announced_length() -> None:
    """The answer comes when the length has come, before the message has."""
    async with serve(refusals=REFUSALS) as served, connect(served.port) as client:
        stream = await client.begin(ECHO)
        await client.data(stream, framed(b"x", length=2**20 + 1), end=False)
        ended = await client.ended(stream)
        assert ended["grpc-status"] == "8"
        assert ended["grpc-message"] == "over message"
        assert ended["grpc-status-details-bin"] == DETAILS_TEXT
        assert served.front.stats()["refused_message"] == 1
        await still_serves(served)


async def test_unpacking_stops_at_the_limit() -> None:
    """Three megabytes that unpack to gigabytes are refused, and take no memory."""
    async with serve(max_message_bytes=4 * 2**20) as served, connect(served.port) as client:
        bomb = gzip.compress(bytes(2**20) * 256)
        before = peak_bytes()
        ended = await client.call(ECHO, framed(bomb, packed=True), ("grpc-encoding", "gzip"))
        assert ended["grpc-status"] == "8"
        assert peak_bytes() - before < 64 * 2**20
        await still_serves(served)


@pytest.mark.parametrize(
    ("body", "fields", "status"),
    [
        (framed(b"abc", length=4), (), "13"),
        (b"\x00\x00", (), "13"),
        (b"\x02\x00\x00\x00\x00", (), "13"),
        (framed(b"abc", packed=True), (), "13"),
        (framed(b"abc", packed=True), (("grpc-encoding", "gzip"),), "13"),
        (framed(b"a") + framed(b"b"), (), "13"),
        (b"", (), "13"),
        (framed(b"a"), (("grpc-encoding", "br"),), "12"),
        (framed(b"a"), (("grpc-timeout", "soon"),), "13"),
        (framed(b"a"), (("grpc-timeout", "999999999S"),), "13"),
        (framed(b"a"), (("grpc-timeout", ""),), "13"),
        (framed(b"a"), (("grpc-timeout", "99999999H"),), "0"),
        (framed(b"a"), (("content-type", "application/grpc+proto"),), "0"),
    ],
)
async def test_what_is_malformed_has_a_status(
    body: bytes, fields: tuple[tuple[str, str], ...], status: str
) -> None:
    """A request that can't be understood is answered, and Python isn't asked."""
    async with serve() as served, connect(served.port) as client:
        ended = await client.call(ECHO, body, *fields)
        assert ended["grpc-status"] == status
        assert served.service.calls == (status == "0")
        if status == "12":
            assert ended["grpc-accept-encoding"] == "identity,gzip,deflate"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ((("content-type", "text/html"),), "415"),
        ((("content-type", "application/grpc-web"),), "415"),
        (((":method", "PUT"),), "405"),
    ],
)
async def test_what_is_not_grpc_has_an_http_status(
    fields: tuple[tuple[str, str], ...], status: str
) -> None:
    """A browser that comes here is told so."""
    async with serve() as served, connect(served.port) as client:
        ended = await client.call(ECHO, framed(b""), *fields)
        assert ended[":status"] == status


async def test_large_metadata_has_an_answer() -> None:
    """Too much metadata gets a status, far too much HTTP's status or the end of the connection."""
    async with serve(refusals=REFUSALS, max_metadata_bytes=8_192) as served:
        async with connect(served.port) as client:
            ended = await client.call(ECHO, framed(b"a"), ("x-large", "x" * 10_000))
            assert ended["grpc-status"] == "8"
            assert ended["grpc-message"] == "over metadata"
            ended = await client.call(ECHO, framed(b"a"), ("x-large", "x" * 40_000))
            assert ended[":status"] == "431"
            ended = await client.call(ECHO, framed(b"a"))
            assert ended["grpc-status"] == "0"
        await still_serves(served)


@pytest.mark.parametrize("name", ["X-Upper", "connection", "bad name", ":pseudo"])
async def test_metadata_that_http2_forbids_has_an_answer(name: str) -> None:
    """A forbidden header ends its stream or its connection at once, and no other."""
    async with serve() as served, connect(served.port) as client:
        with contextlib.suppress(ConnectionError):
            assert await client.call(ECHO, framed(b"a"), (name, "value")) == {"reset": "1"}
        assert served.service.calls == 0
        await still_serves(served)


async def test_metadata_of_any_bytes_is_taken() -> None:
    """Values that are no text, and binary ones that are no base64, end no call."""
    async with serve() as served, connect(served.port) as client:
        fields = (("x-odd", "\udcff".encode("utf-8", "surrogateescape")), ("x-odd-bin", "!"))
        ended = await client.call(ECHO, framed(b"a"), *fields)  # type: ignore[arg-type]
        assert ended["grpc-status"] == "0"


async def test_streams_over_the_limit_are_refused_at_once() -> None:
    """Streams have a limit of their own, which leaves unary calls alone."""
    async with serve(refusals=REFUSALS, max_streams=1) as served:
        chat = served.chat(CHAT)()
        await chat.write(b"hi")
        assert await chat.read() == b"re: hi"
        with pytest.raises(grpc.aio.AioRpcError, match="over streams"):
            await served.stream(COUNT)(b"1").read()
        await still_serves(served)
        await chat.done_writing()
        assert await chat.read() == b"bye"


async def test_calls_that_wait_for_python_are_bounded() -> None:
    """While the interpreter is busy, the calls over the queue's length are refused."""
    async with serve(refusals=REFUSALS, max_queue=10) as served, connect(served.port) as client:
        served.listener._loop.remove_reader(served.front.fileno())
        streams = []
        for _ in range(15):
            streams.append(await client.begin(ECHO))
            await client.data(streams[-1], framed(b"a"))
        for stream in streams[10:]:
            ended = await client.ended(stream)
            assert ended["grpc-message"] == "over queue"
        served.listener._loop.add_reader(served.front.fileno(), served.listener._take)
        for stream in streams[:10]:
            assert (await client.ended(stream))["grpc-status"] == "0"


async def test_unfinished_requests_take_no_place() -> None:
    """Whoever begins requests and never ends them doesn't shut the others out."""
    async with serve(refusals=REFUSALS, max_calls=1) as served, connect(served.port) as client:
        streams = [await client.begin(ECHO) for _ in range(10)]
        for stream in streams:
            await client.data(stream, framed(b"x", length=100), end=False)
        await still_serves(served)


async def test_a_memory_that_is_used_up_leaves_health_alone() -> None:
    """What is answered whatever is under way takes from a memory of its own."""
    async with (
        serve(max_buffered_bytes=1_000, unlimited=frozenset({HEALTH})) as served,
        connect(served.port) as client,
    ):
        stream = await client.begin(ECHO)
        await client.data(stream, framed(b"x" * 900, length=2_000), end=False)
        await until(lambda: served.front.stats()["buffered_bytes"] >= 900)
        refused = await client.call(ECHO, framed(b"x" * 200))
        assert refused["grpc-status"] == "8"
        assert await served.unary(HEALTH)(b"healthy") == b"healthy"


async def test_a_request_counts_until_its_call_is_over() -> None:
    """Also once it was handed over, for its receiver holds it too."""
    async with serve(max_buffered_bytes=1_000) as served:
        hanging = asyncio.ensure_future(served.unary(HANG)(b"x" * 900))
        await until(lambda: served.service.calls == 1)
        assert served.front.stats()["buffered_bytes"] >= 900
        served.service.go.set()
        await hanging
        await until(lambda: served.front.stats()["buffered_bytes"] == 0)


async def test_requests_together_are_bounded() -> None:
    """Many unfinished requests don't take more memory than they may."""
    async with (
        serve(refusals=REFUSALS, max_buffered_bytes=100_000) as served,
        connect(served.port) as client,
    ):
        first, second = await client.begin(ECHO), await client.begin(ECHO)
        await client.data(first, framed(b"x" * 60_000, length=90_000), end=False)
        await client.data(second, framed(b"x" * 60_000, length=90_000), end=False)
        assert (await client.ended(second))["grpc-message"] == "over memory"
        client.h2.reset_stream(first)
        await client.flush()
        await until(lambda: served.front.stats()["buffered_bytes"] == 0)
        await still_serves(served)


async def test_a_request_that_never_ends_has_an_end() -> None:
    """A caller who sends a byte and no more doesn't hold a place for ever."""
    async with serve(request_timeout_s=0.2) as served, connect(served.port) as client:
        stream = await client.begin(ECHO)
        await client.data(stream, b"\x00", end=False)
        assert (await client.ended(stream))["grpc-status"] == "4"
        await until(lambda: served.front.stats()["calls"] == 0)


async def test_connections_over_the_limit_are_closed() -> None:
    """One connection too many is closed at once, and a place that is free is given again."""
    async with serve(max_connections=1) as served:
        async with connect(served.port):
            with pytest.raises(ConnectionError):
                async with connect(served.port):
                    pass
        await until(lambda: served.front.stats()["connections"] == 0)
        await still_serves(served)
        assert served.front.stats()["refused_connections"] == 1


async def test_streams_of_a_connection_are_bounded() -> None:
    """The limit is told to clients, and a stream more is refused."""
    async with serve(max_streams_per_connection=3) as served, connect(served.port) as client:
        assert client.h2.remote_settings.max_concurrent_streams == 3
        client.h2.remote_settings[3] = 100
        client.h2.remote_settings.acknowledge()
        streams = [await client.begin(HANG) for _ in range(4)]
        assert await client.ended(streams[3]) == {"reset": "7"}


async def test_a_flood_of_resets_ends_the_connection() -> None:
    """Streams that are opened and reset in one go cost the peer its connection, and us nothing."""
    async with serve() as served, connect(served.port) as client:
        with contextlib.suppress(ConnectionError):
            for _ in range(500):
                stream = client.h2.get_next_available_stream_id()
                headers = [(":method", "POST"), (":scheme", "http"), (":path", ECHO)]
                client.h2.send_headers(stream, [*headers, ("content-type", "application/grpc")])
                client.h2.reset_stream(stream)
            await client.flush()
            await client.until(lambda: client.seen(h2.events.ConnectionTerminated))
        await client.until_lost()
        assert [int(end.error_code) for end in client.seen(h2.events.ConnectionTerminated)] == [11]
        await still_serves(served)


@pytest.mark.parametrize("size", [100, 100_000])
async def test_a_flood_of_pings_ends_the_connection(size: int) -> None:
    """Pings far beyond the allowance end the connection with the reason."""
    async with serve(max_control_frames=1_000) as served, connect(served.port) as client:
        ping = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + b"12345678"
        client.writer.write(ping * size)
        if size < 1_000:
            await client.until(lambda: len(client.seen(h2.events.PingAckReceived)) == size)
        else:
            await client.until_lost()
            ends = client.seen(h2.events.ConnectionTerminated)
            assert [int(end.error_code) for end in ends] == [11]
            assert served.front.stats()["refused_control_frames"] == 1
        await still_serves(served)


async def test_a_peer_that_answers_no_ping_is_dropped() -> None:
    """A connection whose other end is gone doesn't stay open."""
    async with serve(keepalive_s=0.1, keepalive_timeout_s=0.2) as served:
        async with connect(served.port) as client:
            await client.begin(HANG)
            await until(lambda: served.front.stats()["connections"] == 0)
        await still_serves(served)


async def test_a_peer_that_says_nothing_is_dropped() -> None:
    """A connection that never becomes HTTP/2 is closed."""
    async with serve(handshake_timeout_s=0.2) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        async with asyncio.timeout(10):
            while await reader.read(1_000):
                pass
        writer.close()
        await still_serves(served)


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", bytes(10_000), b"\xff" * 100])
async def test_garbage_ends_its_connection_only(garbage: bytes) -> None:
    """What is no HTTP/2 is dropped."""
    async with serve() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(garbage)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(15):
                while await reader.read(1_000):
                    pass
        writer.close()
        await still_serves(served)

"""Connections: limits, handshake, floods, and peers that no longer respond."""

import asyncio
import contextlib

import h2.events
import psutil
import pytest

from front.listeners import ECHO, HANG, WATCH, serve, still_serves, until
from front.raw_client import RawClient, connect, framed

MAX_FILES_OVER_LIMIT = 30
"""Files that a server keeps free for connections that are being closed: half of its reserve."""


async def test_a_connection_over_the_limit_is_refused_if_none_is_idle() -> None:
    """Connections with open calls stay, a further one is closed at once, and a report counts it."""
    async with serve(max_connections=1) as served, connect(served.port) as client:
        await client.data(await client.start(WATCH), framed(b"group"))
        await until(lambda: served.service.watching == 1)
        with pytest.raises(ConnectionError):
            async with connect(served.port):
                pass
        await until(lambda: served.ended)
        assert [(report.refused, report.idle) for report in served.ended] == [(1, 0)]
        assert (await client.call(ECHO, framed(b"alive")))["grpc-status"] == "0"


async def test_the_longest_idle_connection_makes_room() -> None:
    """Over the limit the connection that was idle for longest ends, and others go on."""
    async with contextlib.AsyncExitStack() as stack:
        served = await stack.enter_async_context(serve(max_connections=3))
        first, busy, last = [
            await stack.enter_async_context(connect(served.port)) for _ in range(3)
        ]
        await busy.data(await busy.start(WATCH), framed(b"group"))
        assert (await last.call(ECHO, framed(b"a")))["grpc-status"] == "0"
        assert (await first.call(ECHO, framed(b"a")))["grpc-status"] == "0"

        async with connect(served.port) as another:
            assert (await another.call(ECHO, framed(b"a")))["grpc-status"] == "0"

            await last.until_lost()
            assert [int(end.error_code) for end in last.seen(h2.events.ConnectionTerminated)]
            for client in (first, busy):
                assert (await client.call(ECHO, framed(b"a")))["grpc-status"] == "0"
                assert not client.seen(h2.events.ConnectionTerminated)
        await until(lambda: served.ended)
        assert [(report.refused, report.idle) for report in served.ended] == [(0, 1)]


async def test_a_client_whose_idle_connection_was_closed_reconnects() -> None:
    """The calls of a client succeed, though others take the slot of its connection each time."""
    async with serve(max_connections=1) as served:
        for _ in range(5):
            assert await served.unary(ECHO)(b"a", timeout=10) == b"a"
            async with connect(served.port) as client:
                assert (await client.call(ECHO, framed(b"a")))["grpc-status"] == "0"


async def test_many_connections_that_do_nothing_keep_no_client_away() -> None:
    """Connections that never send anything make room for one that does."""
    async with serve(max_connections=20) as served:
        silent = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(200)]
        async with connect(served.port) as client:
            assert (await client.call(ECHO, framed(b"a")))["grpc-status"] == "0"
        for _, writer in silent:
            writer.close()


async def test_connections_that_make_room_take_few_files() -> None:
    """However many connections are being closed, few are open over the limit."""
    over = 0
    async with serve(max_connections=20) as served, contextlib.AsyncExitStack() as stack:
        for _ in range(120):
            await stack.enter_async_context(connect(served.port))  # and read nothing more
            over = max(over, _accepted(served.port) - 20)
    assert 0 < over <= MAX_FILES_OVER_LIMIT


def _accepted(port: int) -> int:
    """Return how many connections the listener at a port has open."""
    connections = psutil.Process().net_connections("tcp4")
    return sum(each.laddr.port == port and each.status == "ESTABLISHED" for each in connections)


async def until_served(port: int) -> None:
    """Wait until a call on a new connection succeeds."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(ConnectionError):
                async with connect(port) as client:
                    assert (await client.call(ECHO, framed(b"alive")))["grpc-status"] == "0"
                    return


async def test_streams_of_a_connection_are_bounded() -> None:
    """The limit is announced to clients, and a stream over it is refused."""
    limits = {"max_streams": 0, "max_calls_per_connection": 100}
    async with serve(**limits) as served, connect(served.port) as client:
        # 1,000 streams, 100 calls and as many that are refused, 100 of unlimited methods
        assert client.h2.remote_settings.max_concurrent_streams == 1_300
        client.h2.remote_settings[3] = 2_000
        client.h2.remote_settings.acknowledge()
        streams = [await client.start(ECHO) for _ in range(1_301)]
        assert await client.ended(streams[-1]) == {"reset": "7"}
        assert not client.seen(h2.events.StreamReset)[1:]


async def test_a_flood_of_resets_ends_the_connection() -> None:
    """A peer that opens and resets many streams at once loses its connection."""
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


async def test_headers_that_never_end_end_the_connection() -> None:
    """A peer that goes on with the headers of one call loses its connection with the reason."""
    headers = b"\x00\x00\x00\x01\x00\x00\x00\x00\x01"
    continuation = b"\x00\x00\x00\x09\x00\x00\x00\x00\x01"
    async with serve() as served, connect(served.port) as client:
        client.writer.write(headers + continuation * 100)
        await client.until_lost()
        assert [int(end.error_code) for end in client.seen(h2.events.ConnectionTerminated)] == [11]
        await still_serves(served)


GOAWAY = 7
PING = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + b"12345678"


async def test_pings_within_the_allowance_are_acknowledged() -> None:
    """A client may send pings to measure its bandwidth."""
    async with serve() as served, connect(served.port) as client:
        client.writer.write(PING * 100)
        await client.until(lambda: len(client.seen(h2.events.PingAckReceived)) == 100)
        await still_serves(served)


async def test_a_flood_of_pings_ends_the_connection() -> None:
    """Pings beyond the allowance, 25,000 at once, end the connection with the reason."""
    async with serve() as served, connect(served.port) as client:
        events = client.h2.receive_data(await flood(client))
        ends = [end for end in events if isinstance(end, h2.events.ConnectionTerminated)]
        assert [int(end.error_code or 0) for end in ends] == [11]
        await still_serves(served)


async def test_a_peer_that_goes_on_flooding_gets_the_reason() -> None:
    """GOAWAY arrives, and no reset of TCP, though the peer sends on after it was sent."""
    async with serve() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        client = RawClient(reader, writer, 65_535)
        await client.flush()

        async def send() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    writer.write(PING * 1_000)
                    await writer.drain()

        sending = asyncio.create_task(send())
        received = b""
        async with asyncio.timeout(20):
            while data := await reader.read(65_536):
                received = (received + data)[-1_000:]
        sending.cancel()
        writer.close()
        # the last frame: 8 bytes of a header after the length, the last stream, the error
        assert received[-17:][3] == GOAWAY
        assert received[-4:] == b"\x00\x00\x00\x0b"
        await still_serves(served)


async def flood(client: RawClient) -> bytes:
    """Send pings until the connection ends, and return the bytes after the last full batch.

    The server reads a batch as a whole: if it closed the connection with bytes unread, TCP would
    reset the connection, and GOAWAY could be lost.
    """
    batch = PING * 200
    await client.ping()  # reads the acknowledgements of the batch before
    async with asyncio.timeout(20):
        while True:
            client.writer.write(batch)
            try:
                await client.reader.readexactly(len(batch))
            except asyncio.IncompleteReadError as error:
                return error.partial


async def test_a_peer_that_acknowledges_no_ping_is_dropped() -> None:
    """A connection without acknowledgements of pings is closed."""
    async with (
        serve(keepalive_s=0.1, keepalive_timeout_s=0.2, max_connections=1) as served,
        connect(served.port) as client,
    ):
        await client.start(HANG)  # and read nothing more
        await until_served(served.port)


async def test_a_peer_that_sends_nothing_is_dropped() -> None:
    """A connection without an HTTP/2 handshake is closed."""
    async with serve(handshake_timeout_s=0.2) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        async with asyncio.timeout(10):
            while await reader.read(1_000):
                pass
        writer.close()
        await still_serves(served)


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", bytes(10_000), b"\xff" * 100])
async def test_garbage_ends_its_connection_only(garbage: bytes) -> None:
    """A connection that is not HTTP/2 is dropped."""
    async with serve() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(garbage)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(15):
                while await reader.read(1_000):
                    pass
        writer.close()
        await still_serves(served)

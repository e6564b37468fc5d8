"""Connections of slow, silent and greedy callers: each ends in time, and others are served."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import pytest

from harness.http import parsed
from harness.waiting import eventually
from leaderboard_web.edge import closing_transport, http_connection
from web.edges import DATA, HANDSHAKE, LARGE, LARGE_BYTES, WATCH, Edge, edge, request

SOON_S = 0.3
KEPT = {"Connection": "keep-alive"}


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all times of connections pass soon."""
    monkeypatch.setattr(http_connection, "HEADERS_TIMEOUT_S", SOON_S)
    monkeypatch.setattr(http_connection, "RESPONSE_TIMEOUT_S", 3 * SOON_S)
    monkeypatch.setattr(closing_transport, "LINGER_S", SOON_S)
    monkeypatch.setattr(closing_transport, "CLOSE_TIMEOUT_S", 2 * SOON_S)


async def _ended(running: Edge) -> None:
    await eventually(lambda: not running.connections.open, "the end of all connections")


async def test_headers_have_a_time() -> None:
    """A caller that sends nothing, or a byte now and then, gets 408 after the time of headers."""
    async with edge() as running:
        silent, _silent = await running.open()
        slow, writer = await running.open()
        answers = [asyncio.create_task(reader.read()) for reader in (silent, slow)]
        with contextlib.suppress(ConnectionError):
            for byte in request(DATA):
                if answers[1].done():
                    break
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(SOON_S / 20)
        async with asyncio.timeout(5):
            assert [parsed(await answer).status for answer in answers] == [408, 408]
        writer.close()
        _silent.close()
        await _ended(running)
        assert running.ended == {"slow": 2}


async def test_later_headers_have_a_time_too() -> None:
    """A kept connection may be silent, but a request that has begun must be complete in time."""
    async with edge() as running:
        reader, writer = await running.open(request(DATA, **KEPT))
        await reader.readuntil(b"127.0.0.1")
        await asyncio.sleep(2 * SOON_S)
        writer.write(request(DATA, **KEPT))
        async with asyncio.timeout(5):
            await reader.readuntil(b"127.0.0.1")
        assert not running.ended
        writer.write(b"GET /")
        async with asyncio.timeout(5):
            assert parsed(await reader.read()).status == 408
        writer.close()


async def test_a_response_must_be_read() -> None:
    """A caller that does not read its response is disconnected; one that reads gets all of it."""
    async with edge() as running:
        _, stuck = await _with_small_buffer(running, request(LARGE, **KEPT))
        await eventually(lambda: running.ended == {"unread": 1}, "the end of the stuck caller")
        await _ended(running)
        stuck.close()
        response = await running.get(LARGE)
        assert len(response.body) == LARGE_BYTES


async def test_one_address_has_a_share() -> None:
    """Connections of one address beyond its share get 503 at once; those that are open go on."""
    async with edge(per_address=3) as running:
        kept = [await running.open(request(DATA, **KEPT)) for _ in range(3)]
        for reader, _ in kept:
            await reader.readuntil(b"127.0.0.1")
        reader, refused = await running.open()
        async with asyncio.timeout(5):
            answer = parsed(await reader.read())
        refused.close()
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert running.ended == {"refused": 1}
        kept[0][1].write(request(DATA, **KEPT))
        await kept[0][0].readuntil(b"127.0.0.1")
        for _, writer in kept:
            writer.close()
        await _ended(running)
        assert (await running.get(DATA)).status == 200


async def test_a_trusted_proxy_has_no_share() -> None:
    """Connections of a proxy carry many callers, so its address may have all."""
    async with edge(per_address=1, trusted_proxies="127.0.0.1") as running:
        kept = [await running.open(request(DATA, **KEPT)) for _ in range(5)]
        for reader, writer in kept:
            await reader.readuntil(b"127.0.0.1")
            writer.close()
        assert not running.ended


async def test_silent_callers_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the limit the connection without a request for longest makes room, never a WebSocket."""
    monkeypatch.setattr(http_connection, "HEADERS_TIMEOUT_S", 60)
    async with edge(total=10) as running:
        watcher, watching = await running.open(request(WATCH, **HANDSHAKE))
        await watcher.readuntil(b"hello")
        silent = [await running.open() for _ in range(30)]
        assert (await running.get(DATA)).status == 200
        assert running.connections.open <= 10
        assert set(running.ended) <= {"idle", "refused"}
        assert not watcher.at_eof()
        for _, writer in (*silent, (watcher, watching)):
            writer.close()
        await _ended(running)


async def test_only_watchers_leave_no_room() -> None:
    """Where all connections are WebSockets further ones are refused."""
    async with edge(total=3) as running:
        watching = [await running.open(request(WATCH, **HANDSHAKE)) for _ in range(3)]
        for reader, _ in watching:
            await reader.readuntil(b"hello")
        reader, writer = await running.open()
        async with asyncio.timeout(5):
            assert parsed(await reader.read()).status == 503
        for _, each in (*watching, (reader, writer)):
            each.close()


async def test_a_caller_that_reads_late_learns_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal of a large upload is there to read, though not all of the upload was."""
    async with edge() as running:
        head = request(DATA, "POST", Content_Length=str(3 * 2**20))
        reader, writer = await running.open(head + bytes(3 * 2**20))
        await asyncio.sleep(SOON_S / 2)
        async with asyncio.timeout(5):
            assert parsed(await reader.read()).status == 405
        writer.close()
        await _ended(running)


async def test_an_endless_upload_ends() -> None:
    """A caller that goes on to send after its refusal is cut off."""
    async with edge() as running:
        _, writer = await running.open(request(DATA, "POST", Transfer_Encoding="chunked"))
        with pytest.raises(ConnectionError):  # noqa: PT012 - the connection is reset in between
            async with asyncio.timeout(10):
                while True:
                    writer.write(b"1000\r\n" + bytes(0x1000) + b"\r\n")
                    await writer.drain()
        writer.close()
        await _ended(running)


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 100_000,
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\r\n" * 50_000,
    ],
    ids=lambda junk: junk[:12].decode("latin-1").strip("\r\n\0") or "empty",
)
async def test_junk_is_answered_with_400(junk: bytes) -> None:
    """What is not HTTP/1.1 gets 400, or the status for its size or version, and then the end."""
    async with edge() as running:
        reader, writer = await running.open(junk)
        async with asyncio.timeout(5):
            assert parsed(await reader.read()).status in (400, 408, 414, 431, 505)
        writer.close()
        await _ended(running)


async def test_a_flood_of_headers_is_refused() -> None:
    """Headers without end get 431, however many and however they arrive."""
    async with edge() as running:
        for pieces in (_many_headers(5_000), _many_headers(1)):
            reader, writer = await running.open(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
            async with asyncio.timeout(5):
                assert parsed(await reader.read()).status == 431
            writer.close()
        await _ended(running)


def _many_headers(at_once: int) -> Iterator[bytes]:
    for number in range(0, 20_000, at_once):
        yield b"".join(b"a%d: b\r\n" % each for each in range(number, number + at_once))


async def _with_small_buffer(
    running: Edge, data: bytes
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection that takes little before it is read."""
    with contextlib.ExitStack() as on_error:
        small = on_error.enter_context(socket.socket())
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        small.setblocking(False)  # noqa: FBT003 - the name of Python
        await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", running.port))
        on_error.pop_all()
    reader, writer = await asyncio.open_connection(sock=small, limit=1)
    writer.write(data)
    return reader, writer

"""Hostile WebSockets: each frame that breaks a rule gets its close code, and floods end."""

import asyncio
import contextlib
import logging
import struct

import pytest

from harness.waiting import eventually
from leaderboard_web.edge import closing_transport, websocket_connection
from web.edges import DATA, HANDSHAKE, WATCH, Edge, edge, request


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the closing handshake of a peer that does not answer end soon."""
    monkeypatch.setattr(websocket_connection, "CLOSE_TIMEOUT_S", 0.3)


TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FIN = 0x80


def frame(kind: int, data: bytes = b"", *, first: int = FIN, masked: bool = True) -> bytes:
    """Return a frame of a client, whose mask is zero."""
    size = len(data)
    mask = 0x80 if masked else 0
    if size < 126:
        head = bytes([first | kind, mask | size])
    elif size < 2**16:
        head = bytes([first | kind, mask | 126]) + struct.pack("!H", size)
    else:
        head = bytes([first | kind, mask | 127]) + struct.pack("!Q", size)
    return head + (bytes(4) if masked else b"") + data


async def _closed(running: Edge, *sent: bytes) -> int:
    """Send bytes after a handshake, and return the close code; 0 for an end without one."""
    reader, writer = await running.open(request(WATCH, **HANDSHAKE))
    await reader.readuntil(b"hello")
    async with asyncio.timeout(10):
        with contextlib.suppress(ConnectionError):
            for data in sent:
                writer.write(data)
                await writer.drain()
        received = await reader.read()
    writer.close()
    while received:
        kind, size = received[0] & 0x0F, received[1]
        if kind == CLOSE:
            code: int = struct.unpack("!H", received[2:4])[0] if size else 0
            return code
        received = received[2 + size :]
    return 0


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ([frame(TEXT, b"hello")], 1008),
        ([frame(BINARY, b"hello")], 1008),
        ([frame(TEXT, first=0), frame(0, b"x")], 1008),
        ([frame(TEXT, bytes(2**20))], 1009),
        ([frame(BINARY, bytes(2_000))], 1009),
        ([frame(TEXT, bytes(800), first=0), frame(0, bytes(800))], 1009),
        ([frame(TEXT, b"hello", masked=False)], 1002),
        ([frame(TEXT, b"hello", first=FIN | 0x40)], 1002),
        ([frame(3)], 1002),
        ([frame(11)], 1002),
        ([frame(0, b"x")], 1002),
        ([frame(PING, bytes(126))], 1002),
        ([frame(PING, b"x", first=0)], 1002),
        ([frame(TEXT, b"\xff")], 1007),
        ([frame(CLOSE, struct.pack("!H", 1000))], 1000),
        ([frame(CLOSE, struct.pack("!H", 4999))], 4999),
        ([frame(CLOSE, struct.pack("!H", 1005))], 1002),
        ([frame(CLOSE, b"\x03")], 1002),
        ([frame(CLOSE)], 0),
        ([frame(PING, b"x" * 125) * 20_000], 1008),
        ([frame(PONG) * 20_000], 1008),
        ([frame(TEXT, first=0), frame(0, first=0) * 20_000], 1008),
        ([bytes(100_000)], 1002),
    ],
)
async def test_frames_that_break_rules_have_their_codes(sent: list[bytes], code: int) -> None:
    """Each kind of wrong frame, and each flood, closes the WebSocket with its code."""
    async with edge() as running:
        assert await _closed(running, *sent) == code
        await eventually(lambda: not running.connections.open, "the end")
        assert (await running.get(DATA)).status == 200


async def test_pings_are_answered() -> None:
    """A client may send pings, which are answered, and a pong now and then."""
    async with edge() as running:
        reader, writer = await running.open(request(WATCH, **HANDSHAKE))
        await reader.readuntil(b"hello")
        writer.write(frame(PONG, b"p") + frame(PING, b"still there?"))
        async with asyncio.timeout(5):
            await reader.readuntil(b"still there?")
        writer.close()


async def test_frames_before_the_handshake_end_the_connection() -> None:
    """A client that does not wait for the handshake gets no further."""
    async with edge() as running:
        reader, writer = await running.open(request(WATCH, **HANDSHAKE))
        writer.write(b"\xff" * 10)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(5):
                await reader.read()
        writer.close()
        await eventually(lambda: not running.connections.open, "the end")


async def test_a_peer_that_does_not_answer_pings_is_disconnected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without a pong in time the connection ends, also if the peer never reads its end."""
    monkeypatch.setattr(websocket_connection, "PING_INTERVAL_S", 0.1)
    monkeypatch.setattr(websocket_connection, "PING_TIMEOUT_S", 0.2)
    monkeypatch.setattr(closing_transport, "LINGER_S", 0.1)
    async with edge() as running:
        reader, writer = await running.open(request(WATCH, **HANDSHAKE))
        await reader.readuntil(b"hello")
        await eventually(lambda: running.ended == {"unread": 1}, "the end of the silent peer")
        await eventually(lambda: not running.connections.open, "the end of its connection")
        writer.close()


async def test_nothing_is_logged(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither libraries nor the loop write lines of their own, of a handshake or of junk."""
    async with edge() as running:
        await _closed(running, frame(TEXT, b"\xff"))
        await running.get("/v1/secret?token=secret", Authorization="Bearer secret")
        assert not logging.getLogger("uvicorn.error").isEnabledFor(logging.ERROR)
    out, err = capfd.readouterr()
    assert out == err == ""

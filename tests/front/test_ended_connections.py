"""The log of connections that were ended or refused."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from structlog.testing import capture_logs

from front.listeners import until
from front.raw_client import connect, framed
from leaderboard_server.transport.front import FrontListener
from leaderboard_server.transport.listener import Endpoint, Limits, Services, Stream
from leaderboard_server.transport.observation import Observation

_CALL, _STAY = "/a.B/Call", "/a.B/Stay"


async def _answer(_request: bytes) -> bytes:
    return b"x" * 2**19


async def _stay(_request: bytes, stream: Stream) -> None:
    await stream.send(b"here")
    await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def _served(**limits: int) -> AsyncIterator[int]:
    values: dict[str, Any] = {
        "max_calls": 1_000,
        "max_calls_per_connection": 1_000,
        "max_watchers": 10,
        "write_timeout_s": 10,
    }
    listener = FrontListener(
        Endpoint(address="127.0.0.1:0"), Limits(**values | limits), Observation()
    )
    port = await listener.start(
        Services(unary={_CALL: _answer}, stream={_STAY: _stay}, bidi={}, unlimited=frozenset())
    )
    try:
        yield port
    finally:
        await listener.drain()
        await listener.stop()


async def test_idle_connections_that_make_room_are_logged() -> None:
    """The log has how many connections were closed for others."""
    with capture_logs() as logs:
        async with _served(max_connections=1) as port, connect(port), connect(port):
            await until(lambda: logs)

    expected = {"event": "connections_at_limit", "log_level": "warning", "closed": 1, "refused": 0}
    assert logs == [expected]


async def test_refused_connections_are_logged() -> None:
    """The log has how many connections found no room."""
    with capture_logs() as logs:
        async with _served(max_connections=1) as port, connect(port) as client:
            stream = await client.start(_STAY)
            await client.data(stream, framed(b""))
            await client.ping()
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            await until(lambda: logs)
            writer.close()
            client.h2.reset_stream(stream)
            await client.flush()

    expected = {"event": "connections_at_limit", "log_level": "warning", "closed": 0, "refused": 1}
    assert logs == [expected]


async def test_connections_that_do_not_read_are_logged() -> None:
    """The log has how many connections left too many responses unread."""
    with capture_logs() as logs:
        async with _served() as port, connect(port, window=0) as client:
            with contextlib.suppress(ConnectionError):
                for _ in range(200):  # 100 MiB
                    await client.data(await client.start(_CALL), framed(b""))
            await client.until_lost()
            await until(lambda: logs)

    expected = {"event": "connections_ended", "log_level": "warning"}
    assert logs == [expected | {"flooding": 0, "not_reading": 1}]

"""Counts that only the front has: its refusals, its connections, its cache, its records."""

import asyncio
from collections import Counter
from typing import Any

import grpc
import pytest

from front.listeners import (
    CHAT,
    COUNT,
    ECHO,
    HANG,
    REFUSALS,
    WATCH,
    Served,
    Service,
    serve,
    status_of,
    until,
)
from front.raw_client import connect, framed
from leaderboard_front import UNKNOWN_METHOD, EndedCall, Listener, Settings

_MIB = 2**20


def _ended(served: Served) -> Counter[tuple[str, int]]:
    """Return how many calls ended, by path and code."""
    ended = Counter[tuple[str, int]]()
    for method in served.listener.counts().methods:
        ended.update({(method.path, code): count for code, count in method.ended.items()})
    return ended


def _messages(served: Served) -> dict[str, int]:
    return {it.path: it.messages_sent for it in served.listener.counts().methods}


def _refused(served: Served) -> dict[str, int]:
    refusals = served.listener.counts().refusals
    assert set(refusals) == set(REFUSALS)
    return {limit: count for limit, count in refusals.items() if count}


@pytest.mark.parametrize(
    ("fields", "body", "counted"),
    [
        ({":method": "GET"}, framed(b""), (UNKNOWN_METHOD, 2)),
        ({"content-type": "text/plain"}, framed(b""), (UNKNOWN_METHOD, 2)),
        ({"grpc-encoding": "unheard-of"}, framed(b""), (UNKNOWN_METHOD, 12)),
        ({"grpc-timeout": "soon"}, framed(b""), (UNKNOWN_METHOD, 13)),
        ({}, b"", (ECHO, 13)),
        ({}, framed(b"", length=7), (ECHO, 13)),
        ({}, framed(b"a") + framed(b"b"), (ECHO, 13)),
        ({}, framed(b"", length=_MIB + 1), (ECHO, 8)),
        ({"grpc-timeout": "0n"}, framed(b""), (ECHO, 4)),
    ],
)
async def test_a_malformed_call(
    fields: dict[str, str], body: bytes, counted: tuple[str, int]
) -> None:
    """A call that is refused for its headers is of no method; each counts once."""
    async with serve() as served, connect(served.port) as client:
        await client.call(ECHO, body, *fields.items())

        await until(lambda: _ended(served) == {counted: 1})
        assert _refused(served) == ({"message": 1} if counted == (ECHO, 8) else {})


@pytest.mark.parametrize(
    ("settings", "path", "limit"),
    [
        ({"max_calls": 1}, HANG, "calls"),
        ({"max_calls_per_connection": 1}, HANG, "connection"),
        ({"max_streams": 1}, WATCH, "streams"),
        ({"max_queue": 0}, ECHO, "queue"),
        ({"max_buffered_bytes": 0}, ECHO, "memory"),
    ],
)
async def test_a_call_that_is_refused(settings: dict[str, int], path: str, limit: str) -> None:
    """It counts for its method, and for its limit."""
    async with serve(**settings) as served, connect(served.port) as client:
        if path != ECHO:
            await client.data(await client.start(path), framed(b"1"))
            await until(lambda: served.service.running + served.service.watching == 1)
        assert (await client.call(path, framed(b"1")))["grpc-status"] == "8"

        await until(lambda: _ended(served) == {(path, 8): 1})
        assert _refused(served) == {limit: 1}


async def test_calls_that_are_given_up_while_they_wait() -> None:
    """Calls that wait for a slot count once, as CANCELLED: those reset, and those disconnected."""
    async with serve(max_calls=1) as served:
        async with connect(served.port) as client:
            await client.data(await client.start(HANG), framed(b""))
            await until(lambda: served.service.running == 1)
            waiting = [client.queue(ECHO, end=True) for _ in range(10)]
            for stream in waiting[:5]:
                client.h2.reset_stream(stream, error_code=8)
            await client.ping()
        await until(lambda: _ended(served).total() == 11)
        assert _ended(served) == {(HANG, 1): 1, (ECHO, 1): 10}


async def test_calls_that_the_stop_ends() -> None:
    """A call that is open after the grace counts with the status of the stop."""
    async with serve() as served, connect(served.port) as client:
        for path in (HANG, WATCH, CHAT):
            await client.data(await client.start(path), framed(b"1"), end=path != CHAT)
        await until(lambda: served.service.running + served.service.watching == 2)
        await until(lambda: _messages(served)[CHAT] == 1)
        stopping = asyncio.ensure_future(served.stop(0.0))
        await client.until_lost()
        await stopping

        assert _ended(served) == {(HANG, 14): 1, (WATCH, 14): 1, (CHAT, 14): 1}
        assert _refused(served) == {"stopping": 3}


async def test_a_cached_response() -> None:
    """A call that is answered from the cache counts like any other, and as a hit."""
    async with serve() as served, connect(served.port) as client:
        served.front.put_response(ECHO, b"request", "tag", b"response")
        for request in (b"request", b"other", b"request"):
            await client.call(ECHO, framed(request))

        await until(lambda: _ended(served) == {(ECHO, 0): 3})
        assert served.listener.counts().cache_hits == 2
        assert _messages(served)[ECHO] == 3


async def test_connections() -> None:
    """Open connections, and those that ended for a reason, are counted from the start on."""
    async with serve(max_connections=2) as served:
        async with connect(served.port) as first:
            await first.ping()
            assert served.listener.counts().connections == 1
            async with connect(served.port):
                assert served.listener.counts().connections == 2
                async with connect(served.port):
                    await first.until_lost()
                await until(lambda: served.listener.counts().ended_connections.idle == 1)
        await until(lambda: served.listener.counts().connections == 0)
        counts = served.listener.counts().ended_connections
        assert (counts.refused, counts.idle, counts.flood, counts.unread) == (0, 1, 0, 0)


async def test_records_that_python_does_not_take_in_time() -> None:
    """Records with up to 16 MiB of requests are kept, more are dropped and counted."""
    service, records = Service(), list[EndedCall]()
    settings: dict[str, Any] = {"refusals": REFUSALS, "ended_calls": "all"}
    listener = Listener(
        Settings(address="127.0.0.1:0", **settings), status_of, on_ended_calls=records.extend
    )
    port = await listener.start(service.handlers())
    request = b"x" * _MIB
    listener.front.put_response(ECHO, request, "tag", b"")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        echo: Any = channel.unary_unary(ECHO)
        for _ in range(20):
            assert echo(request, timeout=20) == b""  # this loop waits, the front answers
    assert listener.counts().ended_calls_dropped == 4
    await until(lambda: len(records) == 16)
    await listener.stop(0)
    assert {record.path for record in records} == {ECHO}
    assert len(records) == 16


async def test_records_of_batches_and_streams() -> None:
    """Records come in the order in which the calls ended."""
    records = list[EndedCall]()
    settings: dict[str, Any] = {"refusals": REFUSALS, "ended_calls": "all"}
    listener = Listener(
        Settings(address="127.0.0.1:0", **settings), status_of, on_ended_calls=records.extend
    )
    port = await listener.start(Service().handlers())
    async with connect(port) as client:
        paths = [COUNT, ECHO, CHAT] * 20
        for path in paths:
            await client.call(path, framed(b"1"))
    await listener.stop(0)
    assert [record.path for record in records] == paths

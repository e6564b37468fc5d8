"""Calls that wait for a place or for their refusal: they take free places, and little memory."""

import asyncio
from pathlib import Path

import h2.events

from front.listeners import ECHO, HANG, HEALTH, Service, serve, until
from front.raw_client import RawClient, connect, framed

_BODY = 200_000
_BODIES = 4
_FULL_SOCKET = 64 * 1024
_TRIES = 5
"""Attempts on a machine that may be too late for the time that a call waits."""


async def test_a_waiting_call_takes_a_place_that_becomes_free() -> None:
    """A call over the limit is served if a place becomes free soon after."""
    for _ in range(_TRIES):
        async with serve(max_calls=1) as served, connect(served.port) as client:
            if await _is_served_later(served.service, client):
                return
    raise AssertionError("the call was refused each time")


async def test_a_waiting_call_takes_a_place_of_its_connection() -> None:
    """A call over the limit of its connection is served if a place becomes free soon after."""
    for _ in range(_TRIES):
        limits = {"max_calls": 2, "max_calls_per_connection": 1}
        async with serve(**limits) as served, connect(served.port) as client:
            if await _is_served_later(served.service, client):
                return
    raise AssertionError("the call was refused each time")


async def _is_served_later(service: Service, client: RawClient) -> bool:
    """Hold the only place, free it once another call waits, and return whether that is served."""
    hanging = await client.start(HANG)
    await client.data(hanging, framed(b""))
    await until(lambda: service.running == 1)
    waiting = await client.start(ECHO)
    await client.data(waiting, framed(b"a"))
    await client.ping()
    service.go.set()
    return (await client.ended(waiting))["grpc-status"] == "0"


async def test_calls_that_wait_for_their_refusal_keep_the_connection_unread() -> None:
    """Requests behind hundreds of refusals stay in the socket, and take no memory of the server."""
    async with serve() as served, connect(served.port) as client:
        await client.ping()  # the window of the connection is known
        streams = [client.queue("/no.Service/NoMethod", end=True) for _ in range(700)]
        uploads = [client.queue(ECHO) for _ in range(_BODIES)]
        for upload in uploads:
            _send(client, upload, framed(b"x" * _BODY, length=1_000_000))
        await client.flush()
        await client.until(lambda: len(client.seen(h2.events.ResponseReceived)) >= 100)
        assert _unread(served.port) > _FULL_SOCKET
        for stream in streams:
            assert (await client.ended(stream))["grpc-status"] == "12"
        await until(lambda: _unread(served.port) == 0)


async def test_resets_of_waiting_calls_are_noticed() -> None:
    """Calls that their callers gave up leave the connection to others, however many they are."""
    async with serve(max_calls=1) as served, connect(served.port) as client:
        await client.data(await client.start(HANG), framed(b""))
        await until(lambda: served.service.running == 1)
        for _ in range(20):
            given_up = [await client.start(ECHO) for _ in range(25)]
            await client.ping()
            for stream in given_up:
                client.h2.reset_stream(stream)
            await client.flush()
        async with asyncio.timeout(5):
            assert (await client.call(HEALTH, framed(b"a")))["grpc-status"] == "0"


def _send(client: RawClient, stream: int, data: bytes) -> None:
    for start in range(0, len(data), 16_384):
        client.h2.send_data(stream, data[start : start + 16_384])


def _unread(port: int) -> int:
    """Return the bytes that a listener has not read, of all its connections."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ours = [row for row in rows if int(row[1].rpartition(":")[2], 16) == port]
    return sum(int(row[4].rpartition(":")[2], 16) for row in ours)

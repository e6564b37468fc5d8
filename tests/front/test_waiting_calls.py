"""Calls that wait for a slot or for their refusal: they take free slots, and little memory."""

import asyncio
import socket
from pathlib import Path

import grpc
import h2.events
from hyperframe.frame import PingFrame

from attacks.attacker import Attacker, Fleet
from attacks.frames import Call
from front.listeners import ECHO, HANG, HEALTH, Served, Service, serve, until
from front.raw_client import RawClient, connect, framed

_BODY = 200_000
_BODIES = 4
_FULL_SOCKET = 64 * 1024
_PINGS = 20_000
_LATE_CONNECTIONS = 150
_TRIES = 5
"""Attempts on a machine that may be too late for the time that a call waits."""


async def test_a_waiting_call_takes_a_slot_that_becomes_free() -> None:
    """A call over the limit is served if a slot becomes free soon after."""
    for _ in range(_TRIES):
        async with serve(max_calls=1) as served, connect(served.port) as client:
            if await _is_served_later(served.service, client):
                return
    raise AssertionError("the call was refused each time")


async def test_a_waiting_call_takes_a_slot_of_its_connection() -> None:
    """A call over the limit of its connection is served if a slot becomes free soon after."""
    for _ in range(_TRIES):
        limits = {"max_calls": 2, "max_calls_per_connection": 1}
        async with serve(**limits) as served, connect(served.port) as client:
            if await _is_served_later(served.service, client):
                return
    raise AssertionError("the call was refused each time")


async def _is_served_later(service: Service, client: RawClient) -> bool:
    """Hold the only slot, free it once another call waits, and return whether that is served."""
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


async def test_a_call_is_answered_while_its_connection_sends_on() -> None:
    """A call is started or refused in its turn, however much its connection sends meanwhile."""
    async with serve() as served, connect(served.port) as client:
        sending = client.writer.get_extra_info("socket")
        sending.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**21)
        client.queue("/no.Service/NoMethod", end=True)
        client.writer.write(
            client.h2.data_to_send() + PingFrame(0, b"12345678").serialize() * _PINGS
        )
        await client.until(lambda: len(client.seen(h2.events.PingAckReceived)) == _PINGS)
        kinds = [type(event) for event in client.events]
        assert kinds.index(h2.events.ResponseReceived) < _PINGS / 10


async def test_a_connection_that_is_not_read_is_not_taken_for_lost() -> None:
    """A connection whose calls wait for longer than a ping may take stays open."""
    times = {"keepalive_s": 0.1, "keepalive_timeout_s": 0.5}
    async with serve(**times) as served, connect(served.port) as client:
        await client.ping()  # the limit of streams is known
        ended = client.until(lambda: len(client.seen(h2.events.StreamEnded)) == 2_000)
        answering_pings = asyncio.create_task(ended)
        for number in range(2_000):
            client.queue("/no.Service/NoMethod", end=True)
            if number % 20 == 19:
                await client.flush()
                await asyncio.sleep(0)  # a client that only sends is lost
        await answering_pings


async def test_calls_that_are_late_keep_no_slot_from_others() -> None:
    """While deadlines of many waiting calls pass, a caller without a deadline is served."""
    late = Call(ECHO, b"late", fields=(("grpc-timeout", "20m"),))
    async with serve(max_calls=2) as served:
        attacker = Attacker(served.port, 0)
        fleet = Fleet(attacker, size=_LATE_CONNECTIONS)

        async def send_late_calls() -> None:
            while True:
                for connection in fleet.connections:
                    for _ in range(4 - len(connection.open)):
                        connection.call(late)
                await asyncio.sleep(0.01)

        sending = asyncio.create_task(send_late_calls())
        await until(
            lambda: len(fleet.connections) == _LATE_CONNECTIONS and attacker.tally["refused"] > 300
        )
        results = [await _is_served(served) for _ in range(20)]
        sending.cancel()
        attacker.close()
    assert sum(results) > 10


async def _is_served(served: Served) -> bool:
    try:
        await served.unary(ECHO)(b"a")
    except grpc.aio.AioRpcError:
        return False
    return True


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

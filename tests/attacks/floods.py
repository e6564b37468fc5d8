"""Calls that are wrong in every way, and frames that ask for nothing but an answer."""

import asyncio
import itertools

from attacks.attacker import Attacker, Fleet
from attacks.frames import Call, Kind, Setting, frame, settings, window_update
from attacks.paths import BATCH, TOP, UPDATE
from leaderboard.v1 import leaderboard_pb2 as pb

_CALLS_A_SECOND = 1_000
_MAX_UNANSWERED = 1_000
_CONNECTIONS_A_SECOND = 50
_FRAMES_A_SECOND = 20_000
_FRAMES_AT_ONCE = 100
_GARBAGE_WITHIN_S = 1.0

_GARBAGE = (
    b"GET / HTTP/1.1\r\nHost: attack\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(512),
    b"\xff" * 1_024,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(Kind.SETTINGS, 0, 0, b"odd"),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings() + frame(Kind.HEADERS, 5, 1, b"\xff" * 64),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings() + frame(Kind.DATA, 0, 7, b"nobody's"),
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings() + b"\xff\xff\xff\x00\x00\0\0\0\1",
)


async def wrong_calls(attacker: Attacker) -> None:
    """Send invalid requests, broken messages and unknown paths."""
    calls = _wrong_calls()
    fleet = Fleet(attacker, size=4)
    numbers = itertools.count()
    async for due in attacker.ticks(_CALLS_A_SECOND):
        for number in itertools.islice(numbers, due):
            connection = fleet.next()
            if connection and len(connection.open) < _MAX_UNANSWERED // 4:
                connection.call(calls[number % len(calls)])


def _wrong_calls() -> list[Call]:
    broken = Call(TOP, b"")
    broken.data = b"\x07\xff\xff"
    too_long = Call(TOP, b"")
    too_long.data = b"\0\xff\xff\xff\xff"
    bad_update = pb.UpdateScoreRequest(contest_id="?" * 300, user_id="\t", event_type=" ")
    bad_update.event_time.seconds = 2**60
    return [
        Call(UPDATE, bad_update.SerializeToString()),
        Call(UPDATE, b"\xff" * 64),
        Call(BATCH, pb.BatchUpdateScoresRequest().SerializeToString()),
        Call(TOP, pb.GetTopUsersRequest(contest_id="good", limit=-1).SerializeToString()),
        Call("/leaderboard.v1.LeaderboardService/Nothing", b""),
        Call("/" + "x" * 2_000, b""),
        Call(TOP, b"", fields=(("grpc-encoding", "none-such"),)),
        Call(TOP, b"", fields=(("grpc-timeout", "soon"),)),
        broken,
        too_long,
    ]


async def garbage(attacker: Attacker) -> None:
    """Open connections that break HTTP/2 at once, or speak another protocol."""
    numbers = itertools.count()
    async with asyncio.TaskGroup() as tasks:
        async for due in attacker.ticks(_CONNECTIONS_A_SECOND):
            for number in itertools.islice(numbers, due):
                tasks.create_task(_send_garbage(attacker, _GARBAGE[number % len(_GARBAGE)]))


async def _send_garbage(attacker: Attacker, data: bytes) -> None:
    try:
        async with asyncio.timeout(_GARBAGE_WITHIN_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", attacker.port)
            attacker.tally["connections"] += 1
            try:
                writer.write(data)
                while await reader.read(65_536):
                    pass
            finally:
                writer.close()
                await writer.wait_closed()  # or its error is logged when it is collected
        attacker.tally["closed_by_server"] += 1
    except OSError:  # a timeout too
        attacker.tally["closed_by_attacker"] += 1


async def ping_flood(attacker: Attacker) -> None:
    """Send pings and read every answer, and on other connections none."""
    await _flood(attacker, frame(Kind.PING, 0, 0, b"are you?"))


async def settings_flood(attacker: Attacker) -> None:
    """Send settings that change all the time; each is to be acknowledged."""
    await _flood(attacker, settings((Setting.INITIAL_WINDOW_SIZE, 65_535)))


async def empty_frames(attacker: Attacker) -> None:
    """Send frames that carry nothing: windows, priorities and unknown types."""
    some = window_update(0, 1) + frame(Kind.PRIORITY, 0, 1, b"\0\0\0\0\1") + frame(99, 0, 0, b"")
    await _flood(attacker, some)


async def _flood(attacker: Attacker, data: bytes) -> None:
    fleets = itertools.cycle([Fleet(attacker, size=2), unreading := Fleet(attacker, size=2)])
    flood = data * _FRAMES_AT_ONCE
    async for due in attacker.ticks(_FRAMES_A_SECOND / _FRAMES_AT_ONCE):
        for connection in unreading.connections:
            connection.stop_reading()
        for fleet in itertools.islice(fleets, due):
            if chosen := fleet.next():
                chosen.send(flood)
                attacker.tally["flood_bytes"] += len(flood)

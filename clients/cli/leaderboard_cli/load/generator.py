"""Makes the calls of a load when they are due, as many at once as are allowed."""

import asyncio

import grpc

from leaderboard_cli.load.calls import Calls
from leaderboard_cli.load.result import Result
from leaderboard_cli.load.schedule import Schedule
from leaderboard_client.refusal import Refusal

_PREFIX = "ERROR_REASON_"
_GROUPS = 1000


async def generate(calls: Calls, result: Result, *, duration: float, concurrency: int) -> None:
    """Make calls for a while; the result's rate does not give way to a server that is slow.

    Args:
        calls: Gives the calls.

        result: Is told what comes of them, while they are made. It is whole also when this is
            cancelled: then the calls that were due by then count.

        duration: Seconds in which calls are due.

        concurrency: How many calls are under way at most. What is due then waits, and counts as
            late.
    """
    clock = asyncio.get_running_loop().time
    began = clock()
    schedule = Schedule(result.rate, duration, clock, began)
    try:
        async with asyncio.TaskGroup() as callers:
            for _ in range(min(concurrency, schedule.planned)):
                callers.create_task(_call_on(calls, schedule, result))
    finally:
        result.seconds = clock() - began
        result.due = max(schedule.due_by(clock()), result.begun)
        _add_left_out(schedule, result, clock())


async def _call_on(calls: Calls, schedule: Schedule, result: Result) -> None:
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
            result.errors[_name(Refusal.of_call(error))] += 1
        finally:  # also where it is cut off
            result.add(clock() - due, answered=answered)


def _add_left_out(schedule: Schedule, result: Result, now: float) -> None:
    """Count the calls that were due and not begun, which are the last ones, with their ages.

    There may be millions. So it is done by groups, each as if all were as old as its oldest.
    """
    group = result.left_out // _GROUPS + 1
    for first in range(result.begun, result.due, group):
        for taken in (result.latency, result.lateness):
            taken.add(schedule.age(first, now), min(group, result.due - first))


def _name(refusal: Refusal) -> str:
    reason = refusal.reason.removeprefix(_PREFIX)
    return f"{refusal.code.name} ({reason})" if reason else refusal.code.name

"""Checks how long a few calls take, one after the other."""

import time
from collections.abc import Callable, Iterator

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.doctor.target import CallFailedError, CheckedTarget
from leaderboard_cli.latencies import Latencies, milliseconds

_CALLS = 50
_PATIENCE = 3.0
"""The seconds after which no more calls are made."""

_SLOW = 0.05
_SLOW_AT_TIMES = 0.5


def check_speed(checked: CheckedTarget) -> Iterator[CheckResult]:
    """Measure a call that needs no store, a read of a board, and a read that asks the store."""
    health = health_pb2_grpc.HealthStub(checked.channel)
    service = checked.service
    check = health_pb2.HealthCheckRequest()
    top = pb.GetTopUsersRequest(contest_id="doctor", limit=10)
    rank = pb.GetUserRankRequest(contest_id="doctor", user_id="nobody")
    calls: dict[str, Callable[[], object]] = {
        "Health.Check": lambda: checked.call(health.Check, check),
        "GetTopUsers": lambda: checked.call(service.GetTopUsers, top),
        "GetUserRank": lambda: checked.call(service.GetUserRank, rank),
    }
    for name, call in calls.items():
        yield _measured(name, call)


def _measured(name: str, call: Callable[[], object]) -> CheckResult:
    check, taken = f"latency of {name}", Latencies()
    until = time.monotonic() + _PATIENCE
    while taken.count < _CALLS and (time.monotonic() < until or not taken.count):
        began = time.monotonic()
        try:
            call()
        except CallFailedError as error:
            if error.refusal.code is not grpc.StatusCode.NOT_FOUND:
                do = "see the checks above; a server under load refuses with OVERLOADED"
                return CheckResult(check, Verdict.FAIL, str(error), do)
        taken.add(time.monotonic() - began)
    half, most = taken.percentile(50), taken.percentile(99)
    found = (
        f"p50 {milliseconds(half)}, p90 {milliseconds(taken.percentile(90))}, "
        f"p99 {milliseconds(most)} of {taken.count} calls"
    )
    numbers: dict[str, float | None] = {"calls": float(taken.count)}
    numbers |= {f"{part}_ms": value for part, value in taken.in_milliseconds().items()}
    if half > _SLOW or most > _SLOW_AT_TIMES:
        do = "compare the calls: Health.Check is the way there, GetUserRank adds the store"
        return CheckResult(check, Verdict.WARN, found, do, numbers)
    return CheckResult(check, Verdict.OK, found, numbers=numbers)

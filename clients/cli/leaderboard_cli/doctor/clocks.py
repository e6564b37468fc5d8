"""Checks the clock of this machine against the server's, where anything tells that one."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from grpc_health.v1 import health_pb2, health_pb2_grpc

from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.doctor.target import CallFailedError, CheckedTarget

_RESOLUTION = 1.0
"""A date of HTTP has whole seconds."""

_FAR = 2.0


def check_clock(checked: CheckedTarget) -> CheckResult:
    """Compare the clocks by the HTTP date of an answer.

    The service tells no time of its own; a proxy before it often does, which then has the clock
    that is compared.
    """
    stub = health_pb2_grpc.HealthStub(checked.channel)
    request = health_pb2.HealthCheckRequest()
    before = datetime.now(UTC)
    try:
        _, call = checked.call(stub.Check.with_call, request)
    except CallFailedError as error:
        return CheckResult("clock", Verdict.UNKNOWN, f"not told: {error}")
    told = _date(call.initial_metadata() or ())
    if told is None:
        found = "can't be compared: neither the service nor a proxy tells the time"
        do = "compare `date -u` on both, if event times matter to you; ranks never use them"
        return CheckResult("clock", Verdict.UNKNOWN, found, do)
    return _compared(told, before, datetime.now(UTC))


def _date(metadata: Iterable[tuple[str, str | bytes]]) -> datetime | None:
    for name, value in metadata:
        if name == "date":
            try:
                return parsedate_to_datetime(str(value)).astimezone(UTC)
            except ValueError:
                return None
    return None


def _compared(told: datetime, before: datetime, after: datetime) -> CheckResult:
    """Return how far the clocks are apart at least."""
    ahead = (before - told).total_seconds() - _RESOLUTION
    behind = (told - after).total_seconds()
    apart = max(ahead, behind, 0.0)
    numbers = {"apart_s": round(apart, 3)}
    if apart > _FAR:
        which = "ahead of" if ahead > behind else "behind"
        found = f"this machine is {apart:,.0f} s {which} the server"
        do = "let both follow a time server: timedatectl"
        return CheckResult("clock", Verdict.WARN, found, do, numbers)
    return CheckResult("clock", Verdict.OK, "within 2 s of the HTTP date", numbers=numbers)

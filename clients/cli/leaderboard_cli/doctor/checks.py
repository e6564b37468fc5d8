"""Runs the checks in order: reachability, health, store, latency and a write by calls."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import uuid4

from google.protobuf.message import Message
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_cli.doctor.comparisons import SERVICE, check_clock, check_contract, check_versions
from leaderboard_cli.doctor.encryption import check_encryption
from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.doctor.store import advice, finding
from leaderboard_cli.failures import CERTIFICATE_REQUIRED, CallError
from leaderboard_cli.latencies import Latencies, milliseconds
from leaderboard_cli.target import Target

SLOW = 0.05
"""The median latency in seconds above which a call is slow."""

SLOW_AT_TIMES = 0.5
"""The 99th percentile in seconds above which a call is slow at times."""

_CALLS = 50
_MAX_SECONDS = 3.0
"""The seconds after which a latency check makes no more calls."""

_CONTEST = "doctor"
"""The contest of all calls. Every run writes to the same user, so that only one row remains."""

_NO_CONTEST = "ERROR_REASON_CONTEST_NOT_FOUND"

_TOP = pb.GetTopUsersRequest(contest_id=_CONTEST, limit=10)
_RANK = pb.GetUserRankRequest(contest_id=_CONTEST, user_id="nobody")

_START = (
    "start it with `leaderboard serve`, or give its address with --server or LEADERBOARD_SERVER"
)
_NOT_SERVING = (
    "see `store` below; if that is OK, the server shuts down, or its store can't take writes: look "
    "for `store_is_replica`, `store_too_old` or `store_no_rights` in its log; --write shows the "
    "cause of a write that fails, and --redis-url checks the store itself"
)


def run_checks(target: Target, *, write: bool) -> Iterator[CheckResult]:
    """Yield the result of each check of each server.

    Args:
        target: The servers. If there are several, each check has its server in its name.

        write: Also write a score.
    """
    yield check_versions()
    several = len(target.servers) > 1
    for each in target.each():
        for result in _check_server(each, write=write):
            name = f"{result.check} of {each.server}" if several else result.check
            yield replace(result, check=name)


def _check_server(target: Target, *, write: bool) -> Iterator[CheckResult]:
    """Yield the results of one server; stop at a failure that leaves nothing more to check."""
    with closing(target.channel()) as channel:
        health, service = HealthStub(channel), LeaderboardServiceStub(channel)
        reach = _check_reach(target, health)
        yield reach
        yield check_encryption(target)
        if reach.verdict is Verdict.FAIL:
            return
        yield _check_health(target, health, "")
        yield _check_health(target, health, SERVICE)
        yield check_contract(target, channel)
        yield check_clock(target, health)
        store = _check_store(target, service)
        yield store
        if store.verdict is Verdict.FAIL:
            return
        # The first needs no store, the second may be answered from memory, the third needs it.
        yield _check_latency(target, "Health.Check", health.Check, HealthCheckRequest())
        yield _check_latency(target, "GetTopUsers", service.GetTopUsers, _TOP)
        yield _check_latency(target, "GetUserRank", service.GetUserRank, _RANK)
        if write:
            yield _check_write(target, service)


def _check_reach(target: Target, health: HealthStub) -> CheckResult:
    """Check that the server answers a gRPC call; any answer will do."""
    try:
        target.call_once(health.Check, HealthCheckRequest())
    except CallError as failed:
        unreached = failed.error.code in {"UNAVAILABLE", "DEADLINE_EXCEEDED"}
        if unreached and not failed.error.reason:
            to_do = _how_to_reach(target, failed)
            return CheckResult("reachable", Verdict.FAIL, str(failed), to_do)
    return CheckResult("reachable", Verdict.OK, f"{target.server} answers")


def _how_to_reach(target: Target, failed: CallError) -> str:
    why = str(failed)
    if target.tls is not None and (CERTIFICATE_REQUIRED in why or "closed" in why):
        if target.tls.certificate is None:
            return "it may require a client certificate: --cert and --key"
        return "it may not trust this client certificate: name another one with --cert and --key"
    if any(word in why for word in ("closed", "TLS", "certificate")):
        return "see `encryption`"
    if failed.error.code == "DEADLINE_EXCEEDED":
        return "check which program listens at that address, and the firewalls in between"
    return _START


def _check_health(target: Target, health: HealthStub, service: str) -> CheckResult:
    """Check the health of a service, or of the whole server if the name is empty."""
    check = f"health of {service.rpartition('.')[2] or 'the server'}"
    try:
        status = target.call_once(health.Check, HealthCheckRequest(service=service)).status
    except CallError as failed:
        absent = failed.error.code in {"NOT_FOUND", "UNIMPLEMENTED"}
        found = "not reported: this is another server, or a proxy is in front of it"
        to_do = "check which program listens at that address"
        return CheckResult(check, Verdict.FAIL, found if absent else str(failed), to_do)
    name = HealthCheckResponse.ServingStatus.Name(status)
    if status == HealthCheckResponse.SERVING:
        return CheckResult(check, Verdict.OK, name)
    return CheckResult(check, Verdict.FAIL, name, _NOT_SERVING)


def _check_store(target: Target, service: LeaderboardServiceStub) -> CheckResult:
    """Check the store, by a read that is never answered from memory."""
    try:
        target.call_once(service.GetUserRank, _RANK)
    except CallError as failed:
        if failed.error.code != "NOT_FOUND":
            found = finding(failed.error, str(failed))
            return CheckResult("store", Verdict.FAIL, found, advice(failed.error))
    return CheckResult("store", Verdict.OK, "a read that needs it is answered")


def _check_latency(
    target: Target, name: str, method: Callable[..., Any], request: Message
) -> CheckResult:
    """Measure a few calls, one after the other."""
    check, taken = f"latency of {name}", Latencies()
    until = time.monotonic() + _MAX_SECONDS
    while taken.count < _CALLS and (time.monotonic() < until or not taken.count):
        started = time.monotonic()
        try:
            target.call_once(method, request)
        except CallError as failed:
            if failed.error.code != "NOT_FOUND":
                to_do = "see the checks above; an overloaded server rejects calls with OVERLOADED"
                return CheckResult(check, Verdict.FAIL, str(failed), to_do)
        taken.add(time.monotonic() - started)
    half, most = taken.percentile(50), taken.percentile(99)
    found = (
        f"p50 {milliseconds(half)}, p90 {milliseconds(taken.percentile(90))}, "
        f"p99 {milliseconds(most)} of {taken.count} calls"
    )
    numbers: dict[str, float | None] = {"calls": float(taken.count)}
    numbers |= {f"{part}_ms": value for part, value in taken.in_milliseconds().items()}
    if half > SLOW or most > SLOW_AT_TIMES:
        to_do = "compare the calls: Health.Check shows the network, GetUserRank adds the store"
        return CheckResult(check, Verdict.WARN, found, to_do, numbers)
    return CheckResult(check, Verdict.OK, found, numbers=numbers)


def _check_write(target: Target, service: LeaderboardServiceStub) -> CheckResult:
    """Add a point, send that again, and read it back at its position."""
    update = pb.UpdateScoreRequest(
        contest_id=_CONTEST, user_id="scratch", points=1, request_id=str(uuid4())
    )
    try:
        started = time.monotonic()
        first: pb.UpdateScoreResponse = target.call_once(service.UpdateScore, update)
        seconds = time.monotonic() - started
        again: pb.UpdateScoreResponse = target.call_once(service.UpdateScore, update)
        request = pb.GetUserRankRequest(
            contest_id=_CONTEST, user_id="scratch", min_position=first.position
        )
        read: pb.GetUserRankResponse = target.call_once(service.GetUserRank, request)
    except CallError as failed:
        create = f"run `leaderboard contest create {_CONTEST}`"
        to_do = create if failed.error.reason == _NO_CONTEST else advice(failed.error)
        found = finding(failed.error, str(failed))
        return CheckResult("write", Verdict.FAIL, found, to_do)
    numbers = {"write_ms": round(seconds * 1e3, 3)}
    if not again.replayed or again.user.score != first.user.score:
        found = "sent twice with one request id, it counted twice"
        to_do = "don't write to this server: it breaks promise 1, exactly-once writes"
        return CheckResult("write", Verdict.FAIL, found, to_do, numbers)
    if read.position.epoch == first.position.epoch and read.user.score < first.user.score:
        found = "a read returned less than an acknowledged write"
        to_do = "don't read from this server: it breaks promise 5, read your writes"
        return CheckResult("write", Verdict.FAIL, found, to_do, numbers)
    found = f"counted once and read back, in {milliseconds(seconds)}; contest `{_CONTEST}` stays"
    return CheckResult("write", Verdict.OK, found, numbers=numbers)

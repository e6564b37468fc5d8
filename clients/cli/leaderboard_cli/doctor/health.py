"""Checks that the server is there, by its health, and its store by the health of the service."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.doctor.target import CallFailedError, CheckedTarget
from leaderboard_cli.failures import CERTIFICATE_REQUIRED

SERVICE = pb.DESCRIPTOR.services_by_name["LeaderboardService"].full_name
"""The service as health and reflection name it."""

_SERVING = health_pb2.HealthCheckResponse.SERVING
_UNREACHED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
_START = "start it with `leaderboard serve`, or say with --server or LEADERBOARD_SERVER where it is"


def check_reach(checked: CheckedTarget) -> CheckResult:
    """Look whether anybody answers in gRPC; whatever the answer says, it is one."""
    try:
        _ask(checked, "")
    except CallFailedError as error:
        if error.refusal.code in _UNREACHED and not error.refusal.reason:
            return CheckResult("reachable", Verdict.FAIL, str(error), _how_to_reach(checked, error))
    return CheckResult("reachable", Verdict.OK, f"{checked.target.server} answers")


def check_health(checked: CheckedTarget, service: str) -> CheckResult:
    """Look at the health of the whole server or of a service.

    Args:
        checked: The server.

        service: The service's name; empty for the whole server.
    """
    check = f"health of {service.rpartition('.')[2] or 'the server'}"
    try:
        status = _ask(checked, service)
    except CallFailedError as error:
        absent = error.refusal.code in {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED}
        found = "not told: this is another server, or a proxy stands before it"
        do = "look what listens at that address"
        return CheckResult(check, Verdict.FAIL, found if absent else str(error), do)
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(status)
    if status == _SERVING:
        return CheckResult(check, Verdict.OK, name)
    do = "the store is away or the server stops: its log says which"
    return CheckResult(check, Verdict.FAIL, name, do)


def check_store(checked: CheckedTarget) -> CheckResult:
    """Look at the store, through the health, which follows it, and a read that must ask it."""
    request = pb.GetUserRankRequest(contest_id="doctor", user_id="nobody")
    try:
        checked.call(checked.service.GetUserRank, request)
    except CallFailedError as error:
        if error.refusal.code is not grpc.StatusCode.NOT_FOUND:
            do = "look at the store and at the server's log: `store_refused`, `store_ended`"
            return CheckResult("store", Verdict.FAIL, str(error), do)
    return CheckResult("store", Verdict.OK, "a read that needs it is answered")


def _how_to_reach(checked: CheckedTarget, error: CallFailedError) -> str:
    tls, why = checked.target.tls, str(error)
    if tls is not None and (CERTIFICATE_REQUIRED in why or "closed" in why):
        if tls.certificate is None:
            return "it may ask callers for a certificate: --cert and --key"
        return "it may not trust this certificate: --cert and --key name another one"
    if any(word in why for word in ("closed", "TLS", "certificate")):
        return "see `encryption`"
    if error.refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "look what listens at that address, and at firewalls on the way"
    return _START


def _ask(checked: CheckedTarget, service: str) -> int:
    stub = health_pb2_grpc.HealthStub(checked.channel)
    request = health_pb2.HealthCheckRequest(service=service)
    status: int = checked.call(stub.Check, request).status
    return status

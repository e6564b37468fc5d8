"""Checks that the server is there, by its health, and its store by the health of the service."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.doctor.results import Finding, Verdict
from leaderboard_cli.doctor.target import CallFailedError, Patient
from leaderboard_cli.failures import CERTIFICATE_WANTED

SERVICE = pb.DESCRIPTOR.services_by_name["LeaderboardService"].full_name
"""The service as health and reflection name it."""

_SERVING = health_pb2.HealthCheckResponse.SERVING
_UNREACHED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
_START = "start it with `leaderboard serve`, or say with --server or LEADERBOARD_SERVER where it is"


def check_reach(patient: Patient) -> Finding:
    """Look whether anybody answers in gRPC; whatever the answer says, it is one."""
    try:
        _ask(patient, "")
    except CallFailedError as error:
        if error.refusal.code in _UNREACHED and not error.refusal.reason:
            return Finding("reachable", Verdict.FAIL, str(error), _how_to_reach(patient, error))
    return Finding("reachable", Verdict.OK, f"{patient.target.server} answers")


def check_health(patient: Patient, service: str) -> Finding:
    """Look at the health of the whole server or of a service.

    Args:
        patient: The server.

        service: The service's name; empty for the whole server.
    """
    check = f"health of {service.rpartition('.')[2] or 'the server'}"
    try:
        status = _ask(patient, service)
    except CallFailedError as error:
        absent = error.refusal.code in {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED}
        found = "not told: this is another server, or a proxy stands before it"
        do = "look what listens at that address"
        return Finding(check, Verdict.FAIL, found if absent else str(error), do)
    name = health_pb2.HealthCheckResponse.ServingStatus.Name(status)
    if status == _SERVING:
        return Finding(check, Verdict.OK, name)
    do = "the store is away or the server stops: its log says which"
    return Finding(check, Verdict.FAIL, name, do)


def check_store(patient: Patient) -> Finding:
    """Look at the store, through the health, which follows it, and a read that must ask it."""
    request = pb.GetUserRankRequest(contest_id="doctor", user_id="nobody")
    try:
        patient.ask(patient.service.GetUserRank, request)
    except CallFailedError as error:
        if error.refusal.code is not grpc.StatusCode.NOT_FOUND:
            do = "look at the store and at the server's log: `store_refused`, `store_ended`"
            return Finding("store", Verdict.FAIL, str(error), do)
    return Finding("store", Verdict.OK, "a read that needs it is answered")


def _how_to_reach(patient: Patient, error: CallFailedError) -> str:
    tls, why = patient.target.tls, str(error)
    if tls is not None and (CERTIFICATE_WANTED in why or "closed" in why):
        if tls.certificate is None:
            return "it may ask callers for a certificate: --cert and --key"
        return "it may not trust this certificate: --cert and --key name another one"
    if any(word in why for word in ("closed", "TLS", "certificate")):
        return "see `encryption`"
    if error.refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return "look what listens at that address, and at firewalls on the way"
    return _START


def _ask(patient: Patient, service: str) -> int:
    stub = health_pb2_grpc.HealthStub(patient.channel)
    request = health_pb2.HealthCheckRequest(service=service)
    status: int = patient.ask(stub.Check, request).status
    return status

"""Compares the server with this machine: its contract, by reflection, and its clock."""

import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version

import grpc
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.message import DecodeError
from grpc_health.v1.health_pb2 import HealthCheckRequest
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha import reflection_pb2

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.failures import CallError
from leaderboard_cli.target import Target

SERVICE = pb.DESCRIPTOR.services_by_name["LeaderboardService"].full_name
"""The service as health and reflection name it."""

_REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
"""Version 1 has the same messages as v1alpha, and stubs exist only for v1alpha."""

_DATE_RESOLUTION = 1.0
"""An HTTP date has whole seconds."""

_MAX_CLOCK_OFFSET = 2.0
_LISTED = 3


def check_versions() -> CheckResult:
    """Report the versions on this machine; of the server only the contract is known."""
    parts = [f"{name} {version(name)}" for name in ("leaderboard-cli", "leaderboard-client")]
    parts += [f"grpcio {grpc.__version__}", f"protobuf {version('protobuf')}"]
    parts += [f"Python {platform.python_version()}"]
    return CheckResult("versions here", Verdict.OK, ", ".join(parts))


def check_contract(target: Target, channel: grpc.Channel) -> CheckResult:
    """Check that the server's contract is the one of this command."""
    try:
        theirs = _reflected(target, channel)
    except CallError as failed:
        if failed.error.code == "UNIMPLEMENTED":
            to_do = "nothing, unless you use grpcurl: a proxy may block reflection"
            found = "unknown: the server has no reflection"
            return CheckResult("contract", Verdict.UNKNOWN, found, to_do)
        return CheckResult("contract", Verdict.WARN, f"unknown: {failed}", "run doctor again")
    except DecodeError:
        found = "unknown: the answer of reflection can't be read"
        return CheckResult("contract", Verdict.WARN, found, "run doctor again")
    if theirs is None:
        to_do = "check which program listens at that address"
        return CheckResult("contract", Verdict.FAIL, f"the server has no {SERVICE}", to_do)
    ours = FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(ours)
    return _compare_contracts(_parts(ours), _parts(theirs))


def _reflected(target: Target, channel: grpc.Channel) -> FileDescriptorProto | None:
    """Return the server's description of the contract, None if it has no such service."""
    # One request gets one answer, so that the bidirectional method can be called as a unary one.
    method = channel.unary_unary(
        _REFLECTION,
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE)
    answer = target.call_once(method, request)
    for encoded in answer.file_descriptor_response.file_descriptor_proto:
        described = FileDescriptorProto.FromString(encoded)
        if described.package == pb.DESCRIPTOR.package and described.service:
            return described
    return None


def _parts(described: FileDescriptorProto) -> set[str]:
    """Return the names of all methods, fields and values, fields with their numbers."""
    parts = {method.name for service in described.service for method in service.method}
    parts |= {value.name for enum in described.enum_type for value in enum.value}
    return parts | set(_fields(described.message_type))


def _fields(messages: Iterable[DescriptorProto]) -> Iterable[str]:
    for message in messages:
        for each in message.field:
            yield f"{message.name}.{each.name} = {each.number}"
        yield from _fields(message.nested_type)


def _compare_contracts(ours: set[str], theirs: set[str]) -> CheckResult:
    missing, more = sorted(ours - theirs), sorted(theirs - ours)
    if missing:
        found = f"older or different: the server lacks {_list(missing)}"
        to_do = "update the server, or use the command of the server's version"
        return CheckResult("contract", Verdict.WARN, found, to_do)
    if more:
        found = f"newer: the server also has {_list(more)}"
        return CheckResult("contract", Verdict.OK, found, "update this command to use them")
    return CheckResult("contract", Verdict.OK, f"{pb.DESCRIPTOR.package}, the same as here")


def _list(parts: list[str]) -> str:
    shown = ", ".join(parts[:_LISTED])
    return f"{shown} and {len(parts) - _LISTED} more" if len(parts) > _LISTED else shown


def check_clock(target: Target, health: HealthStub) -> CheckResult:
    """Compare the clocks by the HTTP date of an answer.

    The service itself sends no time. A proxy in front of it often does; then the clock of the proxy
    is compared.
    """
    before = datetime.now(UTC)
    try:
        _, call = target.call_once(health.Check.with_call, HealthCheckRequest())
    except CallError as failed:
        return CheckResult("clock", Verdict.UNKNOWN, f"unknown: {failed}")
    date = _http_date(call.initial_metadata() or ())
    if date is None:
        found = "can't be compared: neither the service nor a proxy sends the time"
        to_do = "compare `date -u` on both machines if event times matter; ranks never use them"
        return CheckResult("clock", Verdict.UNKNOWN, found, to_do)
    return _compare_clocks(date, before, datetime.now(UTC))


def _http_date(metadata: Iterable[tuple[str, str | bytes]]) -> datetime | None:
    for name, value in metadata:
        if name == "date":
            try:
                return parsedate_to_datetime(str(value)).astimezone(UTC)
            except ValueError:
                return None
    return None


def _compare_clocks(date: datetime, before: datetime, after: datetime) -> CheckResult:
    """Compare by the least difference that the times of the call allow."""
    ahead = (before - date).total_seconds() - _DATE_RESOLUTION
    behind = (date - after).total_seconds()
    apart = max(ahead, behind, 0.0)
    numbers = {"apart_s": round(apart, 3)}
    if apart > _MAX_CLOCK_OFFSET:
        which = "ahead of" if ahead > behind else "behind"
        found = f"this machine is {apart:,.0f} s {which} the server"
        to_do = "synchronize both with a time server: timedatectl"
        return CheckResult("clock", Verdict.WARN, found, to_do, numbers)
    return CheckResult("clock", Verdict.OK, "within 2 s of the HTTP date", numbers=numbers)

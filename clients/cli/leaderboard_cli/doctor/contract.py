"""Checks what the server says of its contract, by reflection, against the one known here."""

import platform
from collections.abc import Iterable
from importlib.metadata import version

import grpc
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha import reflection_pb2

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.doctor.health import SERVICE
from leaderboard_cli.doctor.results import CheckResult, Verdict
from leaderboard_cli.doctor.target import CallFailedError, CheckedTarget

_METHOD = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
"""Version 1 has the messages of v1alpha, of which alone there are stubs."""


def check_contract(checked: CheckedTarget) -> CheckResult:
    """Look whether the server's contract is the one of this command."""
    check = "contract"
    try:
        theirs = _described(checked)
    except CallFailedError as error:
        if error.refusal.code is grpc.StatusCode.UNIMPLEMENTED:
            do = "nothing, unless people call it with grpcurl: a proxy may hold reflection back"
            return CheckResult(check, Verdict.UNKNOWN, "not told: no reflection", do)
        return CheckResult(check, Verdict.WARN, f"not told: {error}", "ask again")
    except DecodeError:
        return CheckResult(check, Verdict.WARN, "what reflection tells can't be read", "ask again")
    if theirs is None:
        do = "look what listens at that address"
        return CheckResult(check, Verdict.FAIL, f"the server has no {SERVICE}", do)
    ours = FileDescriptorProto()
    pb.DESCRIPTOR.CopyToProto(ours)
    return _compared(_parts(ours), _parts(theirs))


def check_versions() -> CheckResult:
    """Tell the versions of this side; the server tells its contract alone."""
    parts = [f"leaderboard-client {version('leaderboard-client')}", f"grpcio {grpc.__version__}"]
    parts += [f"protobuf {version('protobuf')}", f"Python {platform.python_version()}"]
    return CheckResult("versions here", Verdict.OK, ", ".join(parts))


def _described(checked: CheckedTarget) -> FileDescriptorProto | None:
    # One request makes one answer, so the conversation is called as if it were no stream.
    method = checked.channel.unary_unary(
        _METHOD,
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    request = reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE)
    answer = checked.call(method, request)
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


def _compared(ours: set[str], theirs: set[str]) -> CheckResult:
    missing, more = sorted(ours - theirs), sorted(theirs - ours)
    if missing:
        found = f"older or another one: the server lacks {_named(missing)}"
        do = "update the server, or use a command of its version"
        return CheckResult("contract", Verdict.WARN, found, do)
    if more:
        found = f"newer: the server also has {_named(more)}"
        return CheckResult("contract", Verdict.OK, found, "update this command to use what is new")
    return CheckResult("contract", Verdict.OK, f"{pb.DESCRIPTOR.package}, the same as here")


def _named(parts: list[str]) -> str:
    shown = ", ".join(parts[:3])
    return f"{shown} and {len(parts) - 3} more" if len(parts) > 3 else shown  # noqa: PLR2004

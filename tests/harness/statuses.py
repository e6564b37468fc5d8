"""Reads the status of a failed call or update, with the details of the contract."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from leaderboard.v1.error_reason_pb2 import ErrorReason
from leaderboard.v1.leaderboard_pb2 import UpdateStatus

DOMAIN = "leaderboard.v1"

_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True)
class Status:
    """
    A status other than OK, with its details.

    Attributes:
        code: The status code.
        message: The text for developers.
        reason: The name of an `ErrorReason` value.
        metadata: The metadata of the reason.
        fields: The fields that a `BadRequest` names.
        retry_after: Seconds, from a `RetryInfo`; None without one.
    """

    code: grpc.StatusCode
    message: str
    reason: str
    metadata: dict[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    retry_after: float | None = None


def status_of(error: grpc.aio.AioRpcError) -> Status:
    """
    Read a failed call, and check it against the contract.

    Raises:
        AssertionError: The details hold not exactly one ErrorInfo of the service's domain with a
            known reason.
    """
    rich = rpc_status.from_call(error)
    assert rich is not None, f"no details with {error.code()}: {error.details()}"
    return _read(error.code(), rich.message, rich.details)


def status_of_update(status: UpdateStatus) -> Status:
    """
    Read the status of one update of a batch, and check it against the contract.

    Raises:
        AssertionError: As with `status_of`.
    """
    return _read(_CODES[status.code], status.message, status.details)


def _read(code: grpc.StatusCode, message: str, details: Iterable[AnyMessage]) -> Status:
    infos, fields, retry_after = [], [], None
    for detail in details:
        info = error_details_pb2.ErrorInfo()
        bad_request = error_details_pb2.BadRequest()
        retry = error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            infos.append(info)
        elif detail.Unpack(bad_request):
            fields += [violation.field for violation in bad_request.field_violations]
        elif detail.Unpack(retry):
            retry_after = retry.retry_delay.ToTimedelta().total_seconds()
    assert len(infos) == 1, f"{len(infos)} ErrorInfo in the details of {code}: {message}"
    assert infos[0].domain == DOMAIN, f"domain {infos[0].domain!r}"
    assert infos[0].reason in set(ErrorReason.keys()), f"unknown reason {infos[0].reason!r}"
    return Status(
        code=code,
        message=message,
        reason=infos[0].reason,
        metadata=dict(infos[0].metadata),
        fields=tuple(fields),
        retry_after=retry_after,
    )

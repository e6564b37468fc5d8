"""Statuses like those of the service, with which a fake server rejects calls."""

from typing import NoReturn

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status


def refusal(
    code: int,
    message: str,
    reason: str = "",
    *,
    violation: str = "",
    retry_after: float = -1,
    **metadata: str,
) -> status_pb2.Status:
    """Return a status like one of the service.

    Args:
        code: A value of `google.rpc.Code`.

        message: The text of the problem.

        reason: The name of the `ErrorReason`; none when empty.

        violation: A field and its problem, separated by a colon; none when empty.

        retry_after: The seconds of the `RetryInfo`; none when negative.

        metadata: The metadata of the reason.
    """
    details: list[Message] = []
    if reason:
        details.append(
            error_details_pb2.ErrorInfo(reason=reason, domain="leaderboard.v1", metadata=metadata)
        )
    if violation:
        field, description = violation.split(": ", 1)
        violations = [
            error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
        ]
        details.append(error_details_pb2.BadRequest(field_violations=violations))
    if retry_after >= 0:
        delay = Duration()
        delay.FromMilliseconds(round(retry_after * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    status = status_pb2.Status(code=code, message=message)
    for detail in details:
        packed = AnyMessage()
        packed.Pack(detail)
        status.details.append(packed)
    return status


STORE_AWAY = refusal(
    code_pb2.UNAVAILABLE,
    "the store is away",
    "ERROR_REASON_STORE_UNAVAILABLE",
    retry_after=0.01,
)
"""The status of the service while its store is unavailable."""


def abort(context: grpc.ServicerContext, status: status_pb2.Status) -> NoReturn:
    """End a call with a status; one without details goes without them."""
    if status.details:
        context.abort_with_status(rpc_status.to_status(status))
    code = next(code for code in grpc.StatusCode if code.value[0] == status.code)
    context.abort(code, status.message)
    raise AssertionError

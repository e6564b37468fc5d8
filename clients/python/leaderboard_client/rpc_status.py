"""Turns the status of a failed call, or of a refused update of a batch, into an error."""

from collections.abc import Iterable

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from leaderboard.v1.leaderboard_pb2 import UpdateStatus
from leaderboard_client.errors import FieldViolation, LeaderboardError, error_class

DOMAIN = "leaderboard.v1"
"""The `ErrorInfo` domain of the service."""

_CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def error_from_call(error: grpc.RpcError) -> LeaderboardError:
    """Return the error of a failed call, of gRPC's synchronous or asyncio API."""
    try:
        status = rpc_status.from_call(error)
    except (ValueError, DecodeError):
        status = None
    details = () if status is None else status.details
    return _error(error.code().name, error.details() or "", details)


def error_from_update(status: UpdateStatus) -> LeaderboardError:
    """Return the error of a refused update of a batch."""
    rich = status_pb2.Status.FromString(status.SerializeToString())
    return _error(_CODES.get(rich.code, "UNKNOWN"), rich.message, rich.details)


def _error(code: str, message: str, details: Iterable[AnyMessage]) -> LeaderboardError:
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    retry_after = None
    for detail in details:
        if detail.Unpack(retry):
            retry_after = retry.retry_delay.ToTimedelta().total_seconds()
        else:
            _ = detail.Unpack(info) or detail.Unpack(bad_request)
    violations = [FieldViolation(v.field, v.description) for v in bad_request.field_violations]
    text = "; ".join(f"{v.field}: {v.description}" for v in violations) or message or code
    own = info.domain == DOMAIN
    reason = info.reason if own else ""
    return error_class(code, reason)(
        " ".join(text.split()),
        code=code,
        reason=reason,
        metadata=info.metadata if own else None,
        violations=violations,
        retry_after=retry_after,
    )

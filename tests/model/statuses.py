"""Reads statuses as rejections of the model."""

import grpc
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from harness.statuses import DOMAIN
from model.records import (
    Rejection,
)

_CODES = {code.value[0]: code.name for code in grpc.StatusCode}


def rejection_of_error(error: grpc.RpcError) -> Rejection:
    """Return the rejection of a failed call; one without details has a text that no model has."""
    assert isinstance(error, grpc.Call)
    status = rpc_status.from_call(error)
    if status is None:
        return Rejection(code=error.code().name, reason=f"no details: {error.details()}")
    return rejection_of(status)


def rejection_of(status: status_pb2.Status) -> Rejection:
    """Return the code, and reason and metadata of the one `ErrorInfo`."""
    info = error_details_pb2.ErrorInfo()
    (packed,) = [detail for detail in status.details if detail.Is(info.DESCRIPTOR)]
    packed.Unpack(info)
    assert info.domain == DOMAIN
    return Rejection(code=_CODES[status.code], reason=info.reason, metadata=dict(info.metadata))

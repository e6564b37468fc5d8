"""Finds the handler of a call on grpcio, and turns its exceptions into statuses.

grpcio itself would end a call with UNKNOWN for a request that it can't parse, and for any exception
that is not an abort. So messages pass as bytes, and every exception gets its status here.
"""

from collections.abc import Awaitable, Mapping
from functools import cache
from typing import Any, TypeAlias, TypeVar

import grpc
from grpc_status import rpc_status

from leaderboard_server.transport.grpcio_stream import Context
from leaderboard_server.transport.listener import MAX_METADATA_BYTES
from leaderboard_server.transport.statuses import Limit, MessageTooLarge, Overloaded, status_of_any

_FIELD_OVERHEAD = 32
"""The overhead of one field in the size of metadata, by RFC 9113."""

Response = TypeVar("Response")
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class Handlers(grpc.GenericRpcHandler):
    """The handlers of all methods, by path."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """Return the handler of a call, before its request is read; None for an unknown method."""
        if _size(handler_call_details.invocation_metadata) > MAX_METADATA_BYTES:
            return _REJECTS_METADATA
        return self._handlers.get(handler_call_details.method)


async def respond(context: Context, work: Awaitable[Response]) -> Response:
    """Return the result of `work`, or end the call with the status of its exception."""
    try:
        return await work
    except Overloaded as error:
        status = _overloaded(error.limit)
    except Exception as error:  # noqa: BLE001 - every exception has a status
        status = rpc_status.to_status(status_of_any(error))
    await context.abort(status.code, status.details, status.trailing_metadata)
    raise AssertionError


@cache
def _overloaded(limit: Limit) -> Any:
    """Return the status of an overload, cached since it is needed when there is least time."""
    return rpc_status.to_status(status_of_any(Overloaded(limit)))


def _size(metadata: Any) -> int:
    """Return the size of metadata as HTTP/2 counts it, but for binary values, which are decoded."""
    return sum(len(key) + len(value) + _FIELD_OVERHEAD for key, value in metadata)


async def _reject_metadata(_requests: object, context: Context) -> None:
    status = rpc_status.to_status(status_of_any(MessageTooLarge(MAX_METADATA_BYTES)))
    await context.abort(status.code, status.details, status.trailing_metadata)


_REJECTS_METADATA: Handler = grpc.stream_stream_rpc_method_handler(_reject_metadata)
"""Reads no request, and so serves for every method."""

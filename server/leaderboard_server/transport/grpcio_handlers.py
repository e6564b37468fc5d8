"""Finds the handler of a call on grpcio, and turns its exceptions into statuses.

grpcio itself would end a call with UNKNOWN for a request that it can't parse, and for any exception
that is not an abort. So messages pass as bytes, and every exception gets its status here.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from functools import cache
from typing import Any, TypeAlias, TypeVar

import grpc
from grpc_status import rpc_status

from leaderboard_server.transport.grpcio_counts import (
    OK,
    UNIMPLEMENTED,
    CallCounts,
    code_of_cancelled,
    current_call,
)
from leaderboard_server.transport.grpcio_stream import Context
from leaderboard_server.transport.listener import MAX_METADATA_BYTES
from leaderboard_server.transport.observation import UNKNOWN_PATH
from leaderboard_server.transport.refusals import Refusals
from leaderboard_server.transport.statuses import Limit, MessageTooLarge, Overloaded, status_of_any

_FIELD_OVERHEAD = 32
"""The overhead of one field in the size of metadata, by RFC 9113."""

Response = TypeVar("Response")
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class Handlers(grpc.GenericRpcHandler):
    """The handlers of all methods, by path."""

    def __init__(
        self, handlers: Mapping[str, Handler], counts: CallCounts, refusals: Refusals
    ) -> None:
        """Count each call whose handler is looked up."""
        self._handlers = handlers
        self._counts = counts
        self._refusals = refusals
        # They read no request, and so serve for every method.
        self._rejects_metadata: Handler = grpc.stream_stream_rpc_method_handler(
            self._reject_metadata
        )
        self._rejects_method: Handler = grpc.stream_stream_rpc_method_handler(_reject_method)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Handler:
        """Return the handler of a call, before its request is read."""
        path = handler_call_details.method
        metadata = handler_call_details.invocation_metadata
        if _size(metadata) > MAX_METADATA_BYTES:
            self._counts.begin(UNKNOWN_PATH, metadata)
            return self._rejects_metadata
        self._counts.begin(path, metadata)
        return self._handlers.get(path, self._rejects_method)

    async def _reject_metadata(self, _requests: object, context: Context) -> None:
        self._refusals["metadata"] += 1
        current_call().on_request(None, context)
        await _abort(context, _status(MessageTooLarge(MAX_METADATA_BYTES)))


async def respond(
    request: object, context: Context, work: Awaitable[Response], refusals: Refusals
) -> Response:
    """Return the result of `work`, or end the call with the status of its exception."""
    call = current_call()
    call.on_request(request, context)
    try:
        response = await work
    except asyncio.CancelledError:
        call.end(code_of_cancelled(context))
        raise
    except Overloaded as error:
        refusals.observe(error)
        status = _overloaded(error.limit)
    except Exception as error:  # noqa: BLE001 - every exception has a status
        refusals.observe(error)
        status = _status(error)
    else:
        if isinstance(response, bytes):
            call.on_sent(response)
        call.end(OK)
        return response
    await _abort(context, status)
    raise AssertionError


async def _abort(context: Context, status: Any) -> None:
    """End the call that this task serves with a status."""
    current_call().end(status.code.value[0])
    await context.abort(status.code, status.details, status.trailing_metadata)


def _status(error: Exception) -> Any:
    return rpc_status.to_status(status_of_any(error))


@cache
def _overloaded(limit: Limit) -> Any:
    """Return the status of an overload, cached since it is needed when there is least time."""
    return _status(Overloaded(limit))


def _size(metadata: Any) -> int:
    """Return the size of metadata as HTTP/2 counts it, but for binary values, which are decoded."""
    return sum(len(key) + len(value) + _FIELD_OVERHEAD for key, value in metadata)


async def _reject_method(_requests: object, context: Context) -> None:
    call = current_call()
    call.on_request(None, context)
    call.end(UNIMPLEMENTED)
    await context.abort(grpc.StatusCode.UNIMPLEMENTED, "the method is unknown")

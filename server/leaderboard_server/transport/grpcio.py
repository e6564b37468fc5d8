"""The listener on grpcio (`grpc.aio`): the reference, always installed.

Messages pass as bytes and every exception is turned into a status here: grpcio itself would end a
call with UNKNOWN for a request that it can't parse, and for any exception that is not an abort.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator
from functools import cache, partial
from typing import Any, Literal, TypeAlias, TypeVar

import grpc
from grpc_status import rpc_status

from leaderboard_server.domain.errors import ServerDraining
from leaderboard_server.transport.broadcast_groups import BroadcastGroups
from leaderboard_server.transport.grpcio_stream import Context, GrpcioStream
from leaderboard_server.transport.listener import (
    GRACE_S,
    Endpoint,
    Limits,
    Services,
    Stream,
    Tls,
    UnaryMethod,
)
from leaderboard_server.transport.statuses import Limit, Overloaded, status_of_any

MAX_RECEIVED_BYTES = 4 * 2**20
"""The largest request that grpcio accepts; from the contract's 1 MiB up to this a call is rejected
with error details."""
MAX_PENDING_CALLS = 100_000
"""Calls that may wait for a handler; each has its own deadline."""
QUIET_S = 0.05
"""The server stops once no call has arrived for this time."""
MAX_DRAIN_S = 1.0
"""The server stops after this time, even if calls still arrive."""

Response = TypeVar("Response")
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"
Kind: TypeAlias = Literal["calls", "watches"]
Admission: TypeAlias = Callable[[], contextlib.AbstractContextManager[None]]
"""Holds a concurrency slot for a call, or raises the reason why there is none."""

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_RECEIVED_BYTES),
    # By default grpcio cancels calls at random once 1,000 are pending.
    ("grpc.server.max_pending_requests", MAX_PENDING_CALLS),
    ("grpc.server.max_pending_requests_hard_limit", MAX_PENDING_CALLS),
    ("grpc.keepalive_time_ms", 30_000),  # detects watchers on lost hosts
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # lets clients do the same
)


class GrpcioListener:
    """Implements `listener.Listener`, without a response cache."""

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        """Prepare to serve at `endpoint`, within the limits."""
        self._endpoint = endpoint
        self._write_timeout_s = limits.write_timeout_s
        self._free_slots = {"calls": limits.max_calls, "watches": limits.max_watchers}
        self._groups = BroadcastGroups[bytes]()
        self._draining = False
        self._arrived = 0
        # A second server on the same port has to fail, unless they are meant to share it.
        sharing = ("grpc.so_reuseport", int(endpoint.shared))
        self._server = grpc.aio.server(options=(sharing, *_OPTIONS))

    async def start(self, services: Services) -> int:
        """See `listener.Listener.start`."""
        self._server.add_generic_rpc_handlers((_Handlers(self._handlers(services)),))
        address = self._endpoint.address
        if not self._endpoint.shared:
            _check_free(address)
        try:
            port = self._add_port(address)
        except RuntimeError as error:
            raise OSError(f"can't listen on {address}") from error
        await self._server.start()
        return port

    def renew(self, tls: Tls) -> None:
        """Use another certificate from the next handshake on; see `listener.Listener.renew`.

        gRPC notices a certificate that it can't use only then: it logs that and keeps the last one.
        """
        self._certificate = _certificate(tls)

    def publish(self, group: str, message: bytes, cursor: int) -> None:
        """See `listener.Listener.publish`."""
        self._groups.publish(group, message, cursor)

    def close_group(self, group: str) -> None:
        """See `listener.Listener.close_group`."""
        self._groups.close_group(group)

    def put_response(self, path: str, request: bytes, contest_id: str, response: bytes) -> None:
        """Do nothing: there is no response cache."""

    def invalidate(self, contest_id: str) -> None:
        """Do nothing: there is no response cache."""

    async def drain(self) -> None:
        """Reject new calls until no more arrive.

        When grpcio stops it cancels pending calls, which their callers would mistake for their own
        cancellation.
        """
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(MAX_DRAIN_S):
                seen = -1
                while seen != self._arrived:
                    seen = self._arrived
                    await asyncio.sleep(QUIET_S)

    async def stop(self) -> None:
        """See `listener.Listener.stop`."""
        await self._server.stop(GRACE_S)

    def _add_port(self, address: str) -> int:
        if not (tls := self._endpoint.tls):
            return self._server.add_insecure_port(address)
        self.renew(tls)
        # gRPC requests the certificate for each handshake, in a thread of its own.
        credentials = grpc.dynamic_ssl_server_credentials(
            self._certificate,
            lambda: self._certificate,
            require_client_authentication=tls.client_ca is not None,
        )
        return self._server.add_secure_port(address, credentials)

    def _handlers(self, services: Services) -> dict[str, Handler]:
        def admission(path: str, kind: Kind) -> Admission:
            limited = path not in services.unlimited
            return partial(self._slot, kind) if limited else contextlib.nullcontext

        handlers: dict[str, Handler] = {}
        for path, unary in services.unary.items():
            answer = _unary(unary, admission(path, "calls"))
            handlers[path] = grpc.unary_unary_rpc_method_handler(answer)
        for path, stream in services.stream.items():
            handle = self._stream(stream, admission(path, "watches"))
            handlers[path] = grpc.unary_stream_rpc_method_handler(handle)
        for path, bidi in services.bidi.items():
            handle = self._stream(bidi, admission(path, "watches"))
            handlers[path] = grpc.stream_stream_rpc_method_handler(handle)
        return handlers

    @contextlib.contextmanager
    def _slot(self, kind: Kind) -> Iterator[None]:
        """Hold a concurrency slot, or raise the reason why there is none."""
        self._arrived += 1
        if self._draining:
            raise ServerDraining
        if not self._free_slots[kind]:
            raise Overloaded(kind)
        self._free_slots[kind] -= 1
        try:
            yield
        finally:
            self._free_slots[kind] += 1

    def _stream(
        self, method: Callable[[Any, Stream], Awaitable[None]], admission: Admission
    ) -> Callable[[Any, Context], Awaitable[None]]:
        async def handle(request: Any, context: Context) -> None:
            stream = GrpcioStream(context, self._write_timeout_s, self._groups)
            with contextlib.closing(stream):
                await _respond(context, admission, lambda: method(request, stream))

        return handle


def _unary(
    method: UnaryMethod, admission: Admission
) -> Callable[[bytes, Context], Awaitable[bytes]]:
    async def handle(request: bytes, context: Context) -> bytes:
        return await _respond(context, admission, lambda: method(request))

    return handle


class _Handlers(grpc.GenericRpcHandler):
    """Finds the handler of a call by its path."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """Return the handler, or None if the method is unknown."""
        return self._handlers.get(handler_call_details.method)


def _certificate(tls: Tls) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(tls.key, tls.chain)], tls.client_ca)


def _check_free(address: str) -> None:
    """Raise the reason why an address can't be used; gRPC logs it outside the server's log."""
    host, _, port = address.rpartition(":")
    try:
        family, kind, _, _, target = socket.getaddrinfo(
            host.strip("[]"), int(port), type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(target)
    except OSError as error:
        raise OSError(f"can't listen on {address}: {error.strerror}") from error


@cache
def _overloaded(limit: Limit) -> Any:
    """Return the status of an overload, cached since it is needed when there is least time."""
    return rpc_status.to_status(status_of_any(Overloaded(limit)))


async def _respond(
    context: Context, admission: Admission, work: Callable[[], Awaitable[Response]]
) -> Response:
    """Return the result of `work`, or end the call with the status of its exception."""
    try:
        with admission():
            return await work()
    except Overloaded as error:
        status = _overloaded(error.limit)
    except Exception as error:  # noqa: BLE001 - every exception has a status
        status = rpc_status.to_status(status_of_any(error))
    await context.abort(status.code, status.details, status.trailing_metadata)
    raise AssertionError

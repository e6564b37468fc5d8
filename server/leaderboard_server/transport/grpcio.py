"""The listener on grpcio (`grpc.aio`): the reference, always there.

Requests and answers pass as bytes, since a request that grpcio itself can't parse becomes UNKNOWN;
so does every exception that is not an abort, so each is turned into a status here.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import cache, partial
from typing import Any, Literal, TypeAlias, TypeVar

import grpc
from grpc_status import rpc_status

from leaderboard_server.domain.errors import ServerDraining
from leaderboard_server.transport.broadcast_groups import Channels
from leaderboard_server.transport.grpcio_stream import Context, GrpcioStream
from leaderboard_server.transport.listener import (
    GRACE_S,
    BidiMethod,
    Endpoint,
    Limits,
    Services,
    StreamMethod,
    Tls,
    UnaryMethod,
)
from leaderboard_server.transport.statuses import Limit, Overloaded, status_of_any

RECEIVE_BYTES = 4 * 2**20
"""What grpcio takes in; between the contract's 1 MiB and this the refusal has its details."""
WAITING_CALLS = 100_000
"""How many calls may wait to be taken up; each has its own deadline."""
QUIET_S = 0.05
"""How long no call may have come before the server stops."""
SETTLE_S = 1.0
"""How long calls are refused at most before the server stops, though they still come."""

Answer = TypeVar("Answer")
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"
Kind: TypeAlias = Literal["calls", "watches"]
Admission: TypeAlias = Callable[[], contextlib.AbstractContextManager[None]]
"""Gives a call its place for as long as it is under way, or raises why there is none."""

_OPTIONS = (
    ("grpc.max_receive_message_length", RECEIVE_BYTES),
    # By default grpcio cancels calls at random once 1,000 wait to be taken up.
    ("grpc.server.max_pending_requests", WAITING_CALLS),
    ("grpc.server.max_pending_requests_hard_limit", WAITING_CALLS),
    ("grpc.keepalive_time_ms", 30_000),  # finds watchers whose host is gone
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # lets clients do the same
)


class GrpcioListener:
    """Serves on one address. Open from `start` to `stop`."""

    def __init__(self, services: Services, endpoint: Endpoint, limits: Limits) -> None:
        """Serve `services` at `endpoint`, within the limits."""
        self._endpoint = endpoint
        self._write_timeout_s = limits.write_timeout_s
        self._free = {"calls": limits.max_calls, "watches": limits.max_watchers}
        self._channels = Channels[bytes]()
        self._draining = False
        self._arrived = 0
        # A second server on the same port has to fail, unless they are meant to share it.
        sharing = ("grpc.so_reuseport", int(endpoint.shared))
        self._server = grpc.aio.server(options=(sharing, *_OPTIONS))
        self._server.add_generic_rpc_handlers((_Handlers(self._handlers(services)),))

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address can't be listened on.
        """
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
        """Use another certificate from the next handshake on; see `listener.Listener`.

        What gRPC can't use it notices then: it logs that, and the former one stays.
        """
        self._certificate = _certificate(tls)

    async def drain(self) -> None:
        """Refuse what still comes until nothing does.

        grpcio cancels calls that it has not taken up when it stops; a caller would take that for
        a cancellation of its own.
        """
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                seen = -1
                while seen != self._arrived:
                    seen = self._arrived
                    await asyncio.sleep(QUIET_S)

    async def stop(self) -> None:
        """Take no more calls, and wait for those under way, for the grace at most."""
        await self._server.stop(GRACE_S)

    def _add_port(self, address: str) -> int:
        if not (tls := self._endpoint.tls):
            return self._server.add_insecure_port(address)
        self.renew(tls)
        # gRPC asks for the certificate at each handshake, in a thread of its own.
        credentials = grpc.dynamic_ssl_server_credentials(
            self._certificate,
            lambda: self._certificate,
            require_client_authentication=tls.client_authorities is not None,
        )
        return self._server.add_secure_port(address, credentials)

    def _handlers(self, services: Services) -> dict[str, Handler]:
        def admission(path: str, kind: Kind) -> Admission:
            limited = path not in services.unlimited
            return partial(self._place, kind) if limited else contextlib.nullcontext

        unary = {
            path: self._unary(method, admission(path, "calls"))
            for path, method in services.unary.items()
        }
        stream = {
            path: self._stream(method, admission(path, "watches"))
            for path, method in services.stream.items()
        }
        conversation = {
            path: self._conversation(method, admission(path, "watches"))
            for path, method in services.conversation.items()
        }
        return unary | stream | conversation

    @contextlib.contextmanager
    def _place(self, kind: Kind) -> Iterator[None]:
        """Give a call its place, or raise why there is none."""
        self._arrived += 1
        if self._draining:
            raise ServerDraining
        if not self._free[kind]:
            raise Overloaded(kind)
        self._free[kind] -= 1
        try:
            yield
        finally:
            self._free[kind] += 1

    @contextlib.contextmanager
    def _open(self, context: Context) -> Iterator[GrpcioStream]:
        stream = GrpcioStream(context, self._write_timeout_s, self._channels)
        try:
            yield stream
        finally:
            stream.release()

    def _unary(self, method: UnaryMethod, admission: Admission) -> Handler:
        async def handle(request: bytes, context: Context) -> bytes:
            return await _answer(context, admission, lambda: method(request))

        return grpc.unary_unary_rpc_method_handler(handle)

    def _stream(self, method: StreamMethod, admission: Admission) -> Handler:
        async def handle(request: bytes, context: Context) -> None:
            with self._open(context) as stream:
                await _answer(context, admission, lambda: method(request, stream))

        return grpc.unary_stream_rpc_method_handler(handle)

    def _conversation(self, method: BidiMethod, admission: Admission) -> Handler:
        async def handle(requests: AsyncIterator[bytes], context: Context) -> None:
            with self._open(context) as stream:
                await _answer(context, admission, lambda: method(requests, stream))

        return grpc.stream_stream_rpc_method_handler(handle)


class _Handlers(grpc.GenericRpcHandler):
    """Finds the handler of a call by its path."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        """Return the handler, or None if the method is unknown."""
        return self._handlers.get(handler_call_details.method)


def _certificate(tls: Tls) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(tls.key, tls.chain)], tls.client_authorities)


def _check_free(address: str) -> None:
    """Find out what is wrong with an address; gRPC only logs it, past the log of the server."""
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
    """Return a status that is needed most when there is least time to make it."""
    return rpc_status.to_status(status_of_any(Overloaded(limit)))


async def _answer(
    context: Context, admission: Admission, work: Callable[[], Awaitable[Answer]]
) -> Answer:
    """Do the work and return what it gives, or end the call with the status of what was raised."""
    try:
        with admission():
            return await work()
    except Overloaded as error:
        status = _overloaded(error.limit)
    except Exception as error:  # noqa: BLE001 - the table of statuses knows what it is
        status = rpc_status.to_status(status_of_any(error))
    await context.abort(status.code, status.details, status.trailing_metadata)
    raise AssertionError

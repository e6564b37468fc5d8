"""The listener on grpcio (`grpc.aio`): the reference, always installed."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeAlias

import grpc

from leaderboard_server.callbacks import settle
from leaderboard_server.domain.errors import ServerDraining
from leaderboard_server.transport.broadcast_groups import BroadcastGroups
from leaderboard_server.transport.grpcio_calls import OpenCalls
from leaderboard_server.transport.grpcio_handlers import Handler, Handlers, respond
from leaderboard_server.transport.grpcio_stream import Context, GrpcioStream
from leaderboard_server.transport.listener import (
    GRACE_S,
    BatchMethod,
    Endpoint,
    Limits,
    Services,
    Stream,
    Tls,
    UnaryMethod,
)
from leaderboard_server.transport.slots import Slots

MAX_RECEIVED_BYTES = 4 * 2**20
"""The largest request that grpcio accepts; from the contract's 1 MiB up to this a call is rejected
with error details."""
METADATA_HARD_LIMIT = 80 * 2**10
"""Metadata that gRPC itself refuses: over 64 KiB, with what HTTP/2 counts beside them."""
MIN_PENDING_CALLS = 10_000
"""Calls that may wait for a handler at least; each takes 25 kB at most while it waits."""
MIN_WATCHES = 1_000
"""Watches that one connection may have at least, as on the front."""
UNLIMITED_STREAMS = 100
"""Streams of a connection for health and reflection."""
QUIET_S = 0.05
"""The server stops once no call has arrived for this time."""
MAX_DRAIN_S = 1.0
"""The server stops after this time, even if calls still arrive."""

StreamMethod: TypeAlias = Callable[[Any, Stream], Awaitable[None]]
"""A method whose request is a message or a stream of messages."""

_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_RECEIVED_BYTES),
    # Between the two gRPC would refuse at random.
    ("grpc.max_metadata_size", METADATA_HARD_LIMIT),
    ("grpc.absolute_max_metadata_size", METADATA_HARD_LIMIT),
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
        self._calls = Slots("calls", limits.max_calls)
        self._watches = Slots("watches", limits.max_watchers)
        self._open_calls = OpenCalls(limits.max_calls_per_connection, limits.write_timeout_s)
        self._groups = BroadcastGroups[bytes]()
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        """The answers that calls of batch methods wait for, by number."""
        self._call_numbers = itertools.count()
        self._draining = False
        self._arrived = 0
        self._server = grpc.aio.server(options=(*_limiting(endpoint, limits), *_OPTIONS))

    async def start(self, services: Services) -> int:
        """See `listener.Listener.start`."""
        self._server.add_generic_rpc_handlers((Handlers(self._handlers(services)),))
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

    def is_open(self, call: int) -> bool:
        """See `listener.Listener.is_open`."""
        return call in self._answers

    def answer(self, call: int, response: bytes) -> None:
        """See `listener.Listener.answer`."""
        if answer := self._answers.get(call):
            settle(answer, response)

    def fail(self, call: int, error: Exception) -> None:
        """See `listener.Listener.fail`."""
        if answer := self._answers.get(call):
            settle(answer, error)

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
        handlers: dict[str, Handler] = {}
        batched = {path: self._one_call(batch) for path, batch in services.batched.items()}
        for path, unary in (batched | dict(services.unary)).items():
            limited = path not in services.unlimited
            answer = self._limited_unary(unary) if limited else _unlimited_unary(unary)
            handlers[path] = grpc.unary_unary_rpc_method_handler(answer)
        for path, stream in services.stream.items():
            handle = self._stream(stream, limited=path not in services.unlimited)
            handlers[path] = grpc.unary_stream_rpc_method_handler(handle)
        for path, bidi in services.bidi.items():
            handle = self._stream(bidi, limited=path not in services.unlimited)
            handlers[path] = grpc.stream_stream_rpc_method_handler(handle)
        return handlers

    def _one_call(self, method: BatchMethod) -> UnaryMethod:
        """Return a batch method as one that takes a single call."""

        async def handle(request: bytes) -> bytes:
            call = next(self._call_numbers)
            answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._answers[call] = answer
            try:
                method([(call, request)])
                return await answer
            finally:
                del self._answers[call]

        return handle

    def _limited_unary(self, method: UnaryMethod) -> Callable[[bytes, Context], Awaitable[bytes]]:
        async def answer(request: bytes, context: Context) -> bytes:
            self._admit()
            with self._calls:
                call = self._open_calls.open(context)
                message = await method(request)
            if not call.has_room(message):
                await call.wait_for_room(message)
            call.answer(message)
            return message

        async def handle(request: bytes, context: Context) -> bytes:
            return await respond(context, answer(request, context))

        return handle

    def _stream(
        self, method: StreamMethod, *, limited: bool
    ) -> Callable[[Any, Context], Awaitable[None]]:
        async def send_limited(request: Any, stream: Stream) -> None:
            self._admit()
            with self._watches:
                await method(request, stream)

        send = send_limited if limited else method

        async def handle(request: Any, context: Context) -> None:
            stream = GrpcioStream(context, self._write_timeout_s, self._groups)
            with contextlib.closing(stream):
                await respond(context, send(request, stream))

        return handle

    def _admit(self) -> None:
        """Count a call, and raise `ServerDraining` if the server stops."""
        self._arrived += 1
        if self._draining:
            raise ServerDraining


def _unlimited_unary(method: UnaryMethod) -> Callable[[bytes, Context], Awaitable[bytes]]:
    async def handle(request: bytes, context: Context) -> bytes:
        return await respond(context, method(request))

    return handle


def _limiting(endpoint: Endpoint, limits: Limits) -> Iterator[tuple[str, int]]:
    """Yield the options that depend on the settings."""
    # A second server on the same port has to fail, unless they are meant to share it.
    yield "grpc.so_reuseport", int(endpoint.shared)
    yield "grpc.max_allowed_incoming_connections", limits.max_connections
    # Twice the calls, so that those over the limit are refused, not kept in the client. Far fewer
    # than pending calls, so that one connection can't have the calls of others cancelled.
    watches = max(MIN_WATCHES, limits.max_watchers // 4)
    streams = 2 * limits.max_calls_per_connection + watches + UNLIMITED_STREAMS
    yield "grpc.max_concurrent_streams", streams
    # gRPC cancels calls over this limit, without details. So it is large: a crowd of watchers that
    # returns finds room. By default calls are cancelled from 1,000 on.
    pending = max(MIN_PENDING_CALLS, limits.max_calls + limits.max_watchers)
    yield "grpc.server.max_pending_requests", pending
    yield "grpc.server.max_pending_requests_hard_limit", pending


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

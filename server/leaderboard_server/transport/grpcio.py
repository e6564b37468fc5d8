"""The listener on grpcio (`grpc.aio`): the reference, always installed."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import grpc

from leaderboard_server.domain.errors import ServerDraining
from leaderboard_server.transport.broadcast_groups import BroadcastGroups
from leaderboard_server.transport.grpcio_batches import BatchCalls
from leaderboard_server.transport.grpcio_calls import OpenCalls
from leaderboard_server.transport.grpcio_counts import (
    CallCounts,
    current_call,
    task_trace_context,
)
from leaderboard_server.transport.grpcio_handlers import Handler, Handlers, respond
from leaderboard_server.transport.grpcio_options import options
from leaderboard_server.transport.grpcio_stream import Context, GrpcioStream
from leaderboard_server.transport.listener import (
    GRACE_S,
    BidiMethod,
    Endpoint,
    Limits,
    Services,
    Stream,
    Tls,
    UnaryMethod,
)
from leaderboard_server.transport.observation import ListenerCounts, Observation
from leaderboard_server.transport.refusals import Refusals
from leaderboard_server.transport.slots import Slots

CANCELLATION_S = 0.005
"""The time between the end of the requests and the cancellation of a call that is given up."""
QUIET_S = 0.05
"""The server stops once no call has arrived for this time."""
MAX_DRAIN_S = 1.0
"""The server stops after this time, even if calls still arrive."""

StreamMethod: TypeAlias = Callable[[Any, Stream], Awaitable[None]]
"""A method whose request is a message or a stream of messages."""


class GrpcioListener:
    """Implements `listener.Listener`, without a response cache."""

    def __init__(self, endpoint: Endpoint, limits: Limits, observation: Observation) -> None:
        """Prepare to serve at `endpoint`, within the limits."""
        self._endpoint = endpoint
        self._write_timeout_s = limits.write_timeout_s
        self._calls = Slots("calls", limits.max_calls)
        self._watches = Slots("watches", limits.max_watchers)
        self._open_calls = OpenCalls(limits.max_calls_per_connection, limits.write_timeout_s)
        self._groups = BroadcastGroups[bytes]()
        batches = self._batches = BatchCalls()
        self.is_open, self.answer, self.fail = batches.is_open, batches.answer, batches.fail
        self._draining = False
        self._arrived = 0
        self._observation = observation
        self._counts = CallCounts({}, observation)
        self._refusals = Refusals()
        self._server = grpc.aio.server(options=tuple(options(endpoint, limits)))

    async def start(self, services: Services) -> int:
        """See `listener.Listener.start`."""
        self._counts = CallCounts(services.kinds(), self._observation)
        handlers = Handlers(self._handlers(services), self._counts, self._refusals)
        self._server.add_generic_rpc_handlers((handlers,))
        address = self._endpoint.address
        if not self._endpoint.shared:
            _check_free(address)
        try:
            port = self._add_port(address)
        except RuntimeError as error:
            raise OSError(f"can't listen on {address}") from error
        await self._server.start()
        return port

    def counts(self) -> ListenerCounts:
        """See `listener.Listener.counts`."""
        return ListenerCounts(
            methods=self._counts.read(),
            refusals=dict(self._refusals),
            calls_in_flight=self._calls.taken,
            open_streams=self._watches.taken,
            open_connections=None,
            ended_connections=None,
            cache_hits=None,
            ended_calls_dropped=0,
        )

    def trace_context(self, call: int | None = None) -> str | None:
        """See `listener.Listener.trace_context`."""
        return task_trace_context() if call is None else self._batches.trace_context(call)

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
        handlers: dict[str, Handler] = {}
        batched = {path: self._batches.unary(batch) for path, batch in services.batched.items()}
        for path, unary in (batched | dict(services.unary)).items():
            limited = path not in services.unlimited
            answer = self._limited_unary(unary) if limited else self._unlimited_unary(unary)
            handlers[path] = grpc.unary_unary_rpc_method_handler(answer)
        for path, stream in services.stream.items():
            handle = self._stream(stream, limited=path not in services.unlimited)
            handlers[path] = grpc.unary_stream_rpc_method_handler(handle)
        for path, bidi in services.bidi.items():
            handle = self._stream(
                _seeing_its_cancellation(bidi), limited=path not in services.unlimited
            )
            handlers[path] = grpc.stream_stream_rpc_method_handler(handle)
        return handlers

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
            return await respond(request, context, answer(request, context), self._refusals)

        return handle

    def _unlimited_unary(self, method: UnaryMethod) -> Callable[[bytes, Context], Awaitable[bytes]]:
        async def handle(request: bytes, context: Context) -> bytes:
            return await respond(request, context, method(request), self._refusals)

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
            on_sent = current_call().on_sent
            stream = GrpcioStream(context, self._write_timeout_s, self._groups, on_sent)
            with contextlib.closing(stream):
                await respond(request, context, send(request, stream), self._refusals)

        return handle

    def _admit(self) -> None:
        """Count a call, and raise `ServerDraining` if the server stops."""
        self._arrived += 1
        if self._draining:
            self._refusals["stopping"] += 1
            raise ServerDraining


def _seeing_its_cancellation(method: BidiMethod) -> BidiMethod:
    """Return a method that is cancelled before it ends, if its caller gave the call up.

    grpcio ends the requests of such a call a moment before it cancels the call.
    """

    async def handle(requests: AsyncIterator[bytes], stream: Stream) -> None:
        await method(requests, stream)
        await asyncio.sleep(CANCELLATION_S)

    return handle


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

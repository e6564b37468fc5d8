"""The listener on grpcio (`grpc.aio`): the reference, always there.

Requests and answers pass as bytes, since a request that grpcio itself can't parse becomes UNKNOWN;
so does every exception that is not an abort, so each is turned into a status here.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable
from typing import NoReturn, TypeAlias, TypeVar
from uuid import uuid4

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import SERVICE_NAME as HEALTH
from grpc_status import rpc_status

from leaderboard_server.domain.errors import LeaderboardError, ServerDraining
from leaderboard_server.transport.health import Health
from leaderboard_server.transport.methods import SERVICE_NAME, Methods, StreamMethod, UnaryMethod
from leaderboard_server.transport.reflection import add_reflection
from leaderboard_server.transport.statuses import Defect, status_of

_log = structlog.get_logger()

RECEIVE_BYTES = 4 * 2**20
"""What grpcio takes in; between the contract's 1 MiB and this the refusal has its details."""
WAITING_CALLS = 100_000
"""How many calls may wait to be taken up; each has its own deadline."""
QUIET_S = 0.05
"""How long no call may have come before the server stops."""
SETTLE_S = 1.0
"""How long calls are refused at most before the server stops, though they still come."""
GRACE_S = 5.0
"""How long calls under way may take when the server stops."""

Answer = TypeVar("Answer")
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"
Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"

_OPTIONS = (
    ("grpc.so_reuseport", 0),  # a second server on the same port has to fail, not to share it
    ("grpc.max_receive_message_length", RECEIVE_BYTES),
    # By default grpcio cancels calls at random once 1,000 wait to be taken up.
    ("grpc.server.max_pending_requests", WAITING_CALLS),
    ("grpc.server.max_pending_requests_hard_limit", WAITING_CALLS),
    ("grpc.keepalive_time_ms", 30_000),  # finds watchers whose host is gone
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),  # lets clients do the same
)


class GrpcioListener:
    """Serves methods, health and reflection on one address. Open from `start` to `stop`."""

    def __init__(self, methods: Methods, address: str, *, write_timeout_s: float) -> None:
        """Serve `methods` on `address`; a watcher who takes nothing for the timeout is dropped."""
        self._write_timeout_s = write_timeout_s
        self._health = Health()
        self._server = grpc.aio.server(options=_OPTIONS)
        self._draining = False
        self._arrived = 0
        handlers = {
            **{name: self._unary(method) for name, method in methods.unary.items()},
            **{name: self._stream(method) for name, method in methods.stream.items()},
        }
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(SERVICE_NAME, handlers),)
        )
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        add_reflection(self._server, (SERVICE_NAME, HEALTH))
        self._address = address

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address can't be listened on.
        """
        _check_free(self._address)
        try:
            port = self._server.add_insecure_port(self._address)
        except RuntimeError as error:
            raise OSError(f"can't listen on {self._address}") from error
        await self.set_serving(serving=False)
        await self._server.start()
        return port

    async def set_serving(self, *, serving: bool) -> None:
        """Tell through health whether calls can be served."""
        status = health_pb2.HealthCheckResponse
        for name in ("", SERVICE_NAME):
            await self._health.set(name, status.SERVING if serving else status.NOT_SERVING)

    async def drain(self) -> None:
        """Tell that this server goes away, and refuse what still comes until nothing does.

        grpcio cancels calls that it has not taken up when it stops; a caller would take that for
        a cancellation of its own.
        """
        await self._health.enter_graceful_shutdown()
        self._draining = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                seen = -1
                while seen != self._arrived:
                    seen = self._arrived
                    await asyncio.sleep(QUIET_S)

    async def stop(self) -> None:
        """Take no more calls, and wait for those under way, for the grace at most."""
        self._health.end_watches()
        await self._server.stop(GRACE_S)

    def _unary(self, method: UnaryMethod) -> Handler:
        async def handle(request: bytes, context: Context) -> bytes:
            self._arrived += 1
            return await _or_abort(context, _refuse() if self._draining else method(request))

        return grpc.unary_unary_rpc_method_handler(handle)

    def _stream(self, method: StreamMethod) -> Handler:
        async def handle(request: bytes, context: Context) -> None:
            async def send(message: bytes) -> None:
                async with asyncio.timeout(self._write_timeout_s):
                    await context.write(message)

            self._arrived += 1
            await _or_abort(context, _refuse() if self._draining else method(request, send))

        return grpc.unary_stream_rpc_method_handler(handle)


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


async def _refuse() -> NoReturn:
    """Take no more calls."""
    raise ServerDraining


async def _or_abort(context: Context, answer: Awaitable[Answer]) -> Answer:
    """Return the answer, or end the call with the status of what was raised."""
    try:
        return await answer
    except LeaderboardError as error:
        refusal = error
    except Exception:  # noqa: BLE001 - whatever it is, the caller is told no more than its name
        refusal = Defect(uuid4().hex)
        _log.exception("defect", incident=refusal.incident)
    status = rpc_status.to_status(status_of(refusal))
    await context.abort(status.code, status.details, status.trailing_metadata)
    raise AssertionError

"""The fast listener: HTTP/2 and gRPC run in `leaderboard_front`, outside the interpreter.

This is the only module that imports it, and is itself imported only where it is installed.
"""

import signal

import structlog

import leaderboard_front
from leaderboard_front import Handlers, Settings, StreamStalled
from leaderboard_server.domain.errors import LeaderboardError, ServerDraining
from leaderboard_server.transport.listener import GRACE_S, Endpoint, Limits, Services, Tls
from leaderboard_server.transport.parsing import MAX_REQUEST_BYTES
from leaderboard_server.transport.response_cache import ResponseCache
from leaderboard_server.transport.statuses import (
    MessageTooLarge,
    Overloaded,
    ReceiverStalled,
    status_of_any,
)
from leaderboard_server.transport.tls import TlsUnusable

_log = structlog.get_logger()

_REFUSALS: dict[str, LeaderboardError] = {
    "message": MessageTooLarge(MAX_REQUEST_BYTES),
    "calls": Overloaded("calls"),
    "streams": Overloaded("watches"),
    "queue": Overloaded("queue"),
    "memory": Overloaded("memory"),
    "stopping": ServerDraining(),
}


class FrontListener:
    """Serves on one address. Open from `start` to `stop`.

    Its connections may get as old as they like, as those of grpcio: ending them at some age would
    spread callers anew, but cut every watch on them without a word. Restarting servers in turn
    spreads callers too, and tells watchers.
    """

    def __init__(
        self, services: Services, endpoint: Endpoint, limits: Limits, ready: ResponseCache
    ) -> None:
        """Serve `services` at `endpoint`, within the limits, and hold `ready`."""
        self._tls = endpoint.tls
        settings = Settings(
            address=endpoint.address,
            reuse_port=endpoint.shared,
            unlimited=services.unlimited,
            max_message_bytes=MAX_REQUEST_BYTES,
            max_calls=limits.max_calls,
            max_streams=limits.max_watchers,
            write_timeout_s=limits.write_timeout_s,
            refusals={limit: _status(error) for limit, error in _REFUSALS.items()},
        )
        handlers = Handlers(services.unary, services.stream, services.conversation)
        self._listener = leaderboard_front.Listener(settings, handlers, _status_of)
        ready.hold_in(self)
        self._draining = False

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address can't be listened on.

            TlsUnusable: It can't be served with this certificate and key.
        """
        if self._tls:
            self.renew(self._tls)
        port = await self._listener.start()
        self._listener.stopped.add_done_callback(self._on_stopped)
        return port

    def renew(self, tls: Tls) -> None:
        """Use another certificate for new connections.

        Raises:
            TlsUnusable: The front can't use it.
        """
        try:
            self._listener.front.set_tls(tls.chain, tls.key, tls.client_authorities)
        except ValueError as error:
            raise TlsUnusable(str(error)) from error

    def put_answer(self, path: str, request: bytes, key: str, answer: bytes) -> object:
        """Cache the response to exactly this request."""
        return self._listener.front.put_response(path, request, key, answer)

    def withdraw(self, key: str) -> object:
        """Invalidate the cached responses of a contest."""
        return self._listener.front.invalidate(key)

    async def drain(self) -> None:
        """Take no new connections, and ask callers to leave those there are."""
        self._draining = True
        self._listener.front.drain()

    async def stop(self) -> None:
        """Take no more calls, and wait for those under way, for the grace at most."""
        await self._listener.stop(GRACE_S)

    def _on_stopped(self, _: object) -> None:
        if not self._draining:
            # Its thread panicked. Nobody is served any more, so the server has to end.
            _log.error("defect", reason="the listener ended by itself")
            signal.raise_signal(signal.SIGTERM)


def _status_of(error: Exception) -> leaderboard_front.Status:
    return _status(ReceiverStalled() if isinstance(error, StreamStalled) else error)


def _status(error: Exception) -> leaderboard_front.Status:
    status = status_of_any(error)
    return leaderboard_front.Status(status.code, status.message, status.SerializeToString())

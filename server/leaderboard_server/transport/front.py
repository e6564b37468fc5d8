"""The fast listener: HTTP/2 and gRPC run in `leaderboard_front`, outside the interpreter.

This is the only module that imports it, and is itself imported only where it is installed.
"""

import signal

import structlog

import leaderboard_front
from leaderboard_front import EndedConnections, Handlers, Settings, StreamStalled
from leaderboard_server.domain.errors import LeaderboardError, ServerDraining
from leaderboard_server.transport.listener import (
    GRACE_S,
    MAX_METADATA_BYTES,
    Endpoint,
    Limits,
    Services,
    Tls,
)
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
    "metadata": MessageTooLarge(MAX_METADATA_BYTES),
    "calls": Overloaded("calls"),
    "connection": Overloaded("connection"),
    "streams": Overloaded("watches"),
    "queue": Overloaded("queue"),
    "memory": Overloaded("memory"),
    "stopping": ServerDraining(),
}


class FrontListener:
    """Serves on one address; see `listener.Listener`. Open from `start` to `stop`.

    Connections have no maximum age, and neither has grpcio: it would rebalance callers, but end
    every watch without a reason. A rolling restart rebalances callers too, and ends each watch with
    its reason.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits) -> None:
        """Create a listener at `endpoint`, within the limits."""
        self._tls = endpoint.tls
        settings = Settings(
            address=endpoint.address,
            reuse_port=endpoint.shared,
            max_message_bytes=MAX_REQUEST_BYTES,
            max_connections=limits.max_connections,
            max_calls=limits.max_calls,
            max_calls_per_connection=limits.max_calls_per_connection,
            max_streams=limits.max_watchers,
            write_timeout_s=limits.write_timeout_s,
            refusals={limit: _status(error) for limit, error in _REFUSALS.items()},
        )
        self._listener = leaderboard_front.Listener(settings, _status_of, _log_ended)
        self._front = self._listener.front
        self._draining = False
        cache = ResponseCache(self._front)
        self.put_response, self.invalidate = cache.put_response, cache.invalidate
        self.publish, self.close_group = self._front.publish, self._front.close_group
        self.is_open, self.answer = self._listener.is_open, self._listener.answer
        self.fail = self._listener.fail

    async def start(self, services: Services) -> int:
        """Serve `services`, and return the port.

        Raises:
            OSError: The address can't be listened on.

            TlsUnusable: The front can't use the certificate and key.
        """
        if self._tls:
            self.renew(self._tls)
        handlers = Handlers(
            batched=services.batched,
            unary=services.unary,
            stream=services.stream,
            bidi=services.bidi,
            unlimited=services.unlimited,
        )
        port = await self._listener.start(handlers)
        self._listener.stopped.add_done_callback(self._on_stopped)
        return port

    def renew(self, tls: Tls) -> None:
        """Use another certificate for new connections.

        Raises:
            TlsUnusable: The front can't use it.
        """
        try:
            self._front.set_tls(tls.chain, tls.key, tls.client_ca)
        except ValueError as error:
            raise TlsUnusable(str(error)) from error

    async def drain(self) -> None:
        """Accept no new connections, and send GOAWAY on the open ones."""
        self._draining = True
        self._front.drain()

    async def stop(self) -> None:
        """Accept no more calls, and wait for the open ones, for the grace at most."""
        await self._listener.stop(GRACE_S)

    def _on_stopped(self, _: object) -> None:
        if not self._draining:
            # Its thread panicked. No call is served any more, so the server has to end.
            _log.error("internal_error", reason="the listener ended by itself")
            signal.raise_signal(signal.SIGTERM)


def _log_ended(ended: EndedConnections) -> None:
    if ended.idle or ended.refused:
        _log.warning("connections_at_limit", closed=ended.idle, refused=ended.refused)
    if ended.flood or ended.unread:
        _log.warning("connections_ended", flooding=ended.flood, not_reading=ended.unread)


def _status_of(error: Exception) -> leaderboard_front.Status:
    return _status(ReceiverStalled() if isinstance(error, StreamStalled) else error)


def _status(error: Exception) -> leaderboard_front.Status:
    status = status_of_any(error)
    return leaderboard_front.Status(status.code, status.message, status.SerializeToString())

"""The fast listener: HTTP/2 and gRPC run in `leaderboard_front`, outside the interpreter.

This is the only module that imports it, and is itself imported only where it is installed.
"""

import dataclasses
import signal
from collections.abc import Mapping, Sequence
from typing import Literal

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
from leaderboard_server.transport.observation import (
    LATENCY_BOUNDS_S,
    CallKind,
    EndedCall,
    ListenerCounts,
    MethodCounts,
    Observation,
)
from leaderboard_server.transport.parsing import MAX_REQUEST_BYTES
from leaderboard_server.transport.refusals import Refusals
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


_LIMIT_NAMES = {"streams": "watches"}
"""The names of limits that differ from those of the front."""


class FrontListener:
    """Serves on one address; see `listener.Listener`. Open from `start` to `stop`.

    Connections have no maximum age, and neither has grpcio: it would rebalance callers, but end
    every watch without a reason. A rolling restart rebalances callers too, and ends each watch with
    its reason.
    """

    def __init__(self, endpoint: Endpoint, limits: Limits, observation: Observation) -> None:
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
            latency_bounds_s=LATENCY_BOUNDS_S,
            ended_calls=_wanted(observation),
            trace_contexts=observation.trace_contexts,
        )
        self._on_ended = observation.on_ended
        self._listener = leaderboard_front.Listener(
            settings, self._status_of, _log_ended, self._report_ended
        )
        self._front = self._listener.front
        self._draining = False
        self._refusals = Refusals()
        """Those by the methods; the front counts its own."""
        self._kinds: Mapping[str, CallKind] = {}
        cache = ResponseCache(self._front)
        self.put_response, self.invalidate = cache.put_response, cache.invalidate
        self.publish, self.close_group = self._front.publish, self._front.close_group
        self.is_open, self.answer = self._listener.is_open, self._listener.answer
        self.fail, self.trace_context = self._listener.fail, self._listener.trace_context

    async def start(self, services: Services) -> int:
        """Serve `services`, and return the port.

        Raises:
            OSError: The address can't be listened on.

            TlsUnusable: The front can't use the certificate and key.
        """
        if self._tls:
            self.renew(self._tls)
        self._kinds = services.kinds()
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

    def counts(self) -> ListenerCounts:
        """See `listener.Listener.counts`."""
        counts = self._listener.counts()
        refusals = dict(self._refusals)
        for limit, count in counts.refusals.items():
            refusals[_LIMIT_NAMES.get(limit, limit)] += count
        return ListenerCounts(
            methods=[
                MethodCounts(
                    path=method.path,
                    kind=self._kinds.get(method.path, "unary"),
                    ended=method.ended,
                    latency_buckets=method.latency_buckets,
                    latency_sum_s=method.latency_sum_s,
                    messages_sent=method.messages_sent,
                )
                for method in counts.methods
            ],
            refusals=refusals,
            calls_in_flight=counts.calls,
            open_streams=counts.streams,
            open_connections=counts.connections,
            ended_connections=dataclasses.asdict(counts.ended_connections),
            cache_hits=counts.cache_hits,
            ended_calls_dropped=counts.ended_calls_dropped,
        )

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

    def _report_ended(self, calls: Sequence[leaderboard_front.EndedCall]) -> None:
        if self._on_ended:
            self._on_ended([EndedCall(*call) for call in calls])

    def _status_of(self, error: Exception) -> leaderboard_front.Status:
        self._refusals.observe(error)
        return _status(ReceiverStalled() if isinstance(error, StreamStalled) else error)


def _wanted(observation: Observation) -> Literal["none", "errors", "all"]:
    """Return which calls the front keeps records of."""
    if not observation.on_ended:
        return "none"
    return "errors" if observation.errors_only else "all"


def _log_ended(ended: EndedConnections) -> None:
    if ended.idle or ended.refused:
        _log.warning("connections_at_limit", closed=ended.idle, refused=ended.refused)
    if ended.flood or ended.unread:
        _log.warning("connections_ended", flooding=ended.flood, not_reading=ended.unread)


def _status(error: Exception) -> leaderboard_front.Status:
    status = status_of_any(error)
    return leaderboard_front.Status(status.code, status.message, status.SerializeToString())

"""The counts of a listener as metrics."""

from prometheus_client import CollectorRegistry

from leaderboard_server.metrics.catalogue import CALL_SECONDS
from leaderboard_server.metrics.exposition import exposition
from leaderboard_server.transport.call_metrics import CallMetrics
from leaderboard_server.transport.listener import Limits
from leaderboard_server.transport.observation import (
    LATENCY_BOUNDS_S,
    UNKNOWN_PATH,
    ListenerCounts,
    MethodCounts,
)
from metrics.observed_server import Scrape

_LIMITS = Limits(
    max_calls=7, max_calls_per_connection=5, max_watchers=9, write_timeout_s=1, max_connections=11
)


def _counts(*, front: bool) -> ListenerCounts:
    buckets = [0] * (len(LATENCY_BOUNDS_S) + 1)
    buckets[0], buckets[-1] = 3, 1
    calls = MethodCounts(
        path="/leaderboard.v1.LeaderboardService/UpdateScore",
        kind="unary",
        ended={0: 3, 5: 1},
        latency_buckets=buckets,
        latency_sum_s=12.5,
        messages_sent=3,
    )
    unknown = MethodCounts(
        path=UNKNOWN_PATH,
        kind="unary",
        ended={12: 2},
        latency_buckets=[0] * len(buckets),
        latency_sum_s=0.0,
        messages_sent=0,
    )
    return ListenerCounts(
        methods=[calls, unknown],
        refusals={"calls": 4, "queue": 0},
        calls_in_flight=1,
        open_streams=2,
        open_connections=3 if front else None,
        ended_connections={"idle": 5, "refused": 0} if front else None,
        cache_hits=6 if front else None,
        ended_calls_dropped=8,
    )


def _scrape(*, front: bool) -> Scrape:
    registry = CollectorRegistry()
    registry.register(CallMetrics(lambda: _counts(front=front), _LIMITS))
    return Scrape(exposition(registry).body.decode())


def test_the_buckets_are_those_of_the_listeners() -> None:
    """The listeners count by the bounds that the catalogue has."""
    assert CALL_SECONDS.buckets == LATENCY_BOUNDS_S


def test_calls_by_method_and_code() -> None:
    """Codes and methods have the names that other gRPC servers give them."""
    scrape = _scrape(front=True)
    update = {
        "grpc_type": "unary",
        "grpc_service": "leaderboard.v1.LeaderboardService",
        "grpc_method": "UpdateScore",
    }
    handled = "grpc_server_handled_total"

    assert scrape.value(handled, **update, grpc_code="OK") == 3
    assert scrape.value(handled, **update, grpc_code="NotFound") == 1
    unknown = {"grpc_service": "unknown", "grpc_method": "unknown"}
    assert scrape.value(handled, **unknown, grpc_code="Unimplemented") == 2
    assert scrape.value(handled, **unknown, grpc_code="OK") == 0
    assert scrape.value("grpc_server_handling_seconds_bucket", **update, le="0.0005") == 3
    assert scrape.value("grpc_server_handling_seconds_bucket", **update, le="10.0") == 3
    assert scrape.value("grpc_server_handling_seconds_count", **update) == 4
    assert scrape.value("grpc_server_handling_seconds_sum", **update) == 12.5
    assert scrape.value("grpc_server_msg_sent_total", **update) == 3


def test_limits_and_what_they_refuse() -> None:
    """What is open is beside its limit, and refusals count by it."""
    scrape = _scrape(front=True)

    def value(name: str, **labels: str) -> float:
        return scrape.value(f"leaderboard_{name}", **labels)

    assert (value("calls_in_flight"), value("calls_limit")) == (1, 7)
    assert (value("watches_open"), value("watches_limit")) == (2, 9)
    assert (value("connections_open"), value("connections_limit")) == (3, 11)
    assert value("refusals_total", limit="calls") == 4
    assert value("refusals_total", limit="queue") == 0
    assert value("connections_ended_total", cause="idle") == 5
    assert value("response_cache_hits_total") == 6
    assert value("call_records_dropped_total") == 8


def test_what_a_listener_does_not_know_is_absent() -> None:
    """A listener without a cache that knows no connections has no series of them."""
    families = _scrape(front=False).families

    assert not [name for name in families if "connections" in name or "cache" in name]
    assert "leaderboard_calls_in_flight" in families

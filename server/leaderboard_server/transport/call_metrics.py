"""Turns the counts of a listener into metrics."""

from collections.abc import Callable, Iterator

from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.families import (
    Distribution,
    Labels,
    counter_family,
    gauge_family,
    histogram_family,
)
from leaderboard_server.transport.listener import Limits
from leaderboard_server.transport.observation import UNKNOWN_PATH, ListenerCounts, MethodCounts

_CODES = (
    *("OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound"),
    *("AlreadyExists", "PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted"),
    *("OutOfRange", "Unimplemented", "Internal", "Unavailable", "DataLoss", "Unauthenticated"),
)
"""The names of status codes, by number, as other gRPC servers spell them in metrics."""
_OK = 0


class CallMetrics(Collector):
    """Collects the counts of one listener at each scrape."""

    def __init__(self, counts: Callable[[], ListenerCounts], limits: Limits) -> None:
        """Read `counts`, and show these limits beside them."""
        self._counts = counts
        self._limits = limits

    def describe(self) -> list[Family]:
        """Name nothing in advance: the families depend on the listener."""
        return []

    def collect(self) -> Iterator[Family]:
        """Yield the families of calls."""
        counts = self._counts()
        yield from _of_methods({_labels(method): method for method in counts.methods})
        yield from self._of_limits(counts)
        refusals: dict[Labels, float] = {
            (limit,): number for limit, number in counts.refusals.items()
        }
        yield counter_family(catalogue.REFUSALS, refusals)
        yield counter_family(catalogue.CALL_RECORDS_DROPPED, {(): counts.ended_calls_dropped})
        if counts.cache_hits is not None:
            yield counter_family(catalogue.RESPONSE_CACHE_HITS, {(): counts.cache_hits})
        if counts.ended_connections is not None:
            ended: dict[Labels, float] = {
                (cause,): number for cause, number in counts.ended_connections.items()
            }
            yield counter_family(catalogue.CONNECTIONS_ENDED, ended)

    def _of_limits(self, counts: ListenerCounts) -> Iterator[Family]:
        limits = self._limits
        yield gauge_family(catalogue.CALLS_IN_FLIGHT, {(): counts.calls_in_flight})
        yield gauge_family(catalogue.CALLS_LIMIT, {(): limits.max_calls})
        yield gauge_family(catalogue.WATCHES_OPEN, {(): counts.open_streams})
        yield gauge_family(catalogue.WATCHES_LIMIT, {(): limits.max_watchers})
        if counts.open_connections is not None:
            yield gauge_family(catalogue.CONNECTIONS_OPEN, {(): counts.open_connections})
            yield gauge_family(catalogue.CONNECTIONS_LIMIT, {(): limits.max_connections})


def _of_methods(methods: dict[Labels, MethodCounts]) -> Iterator[Family]:
    handled = {
        (*labels, _CODES[code]): number
        for labels, method in methods.items()
        for code, number in ({_OK: 0} | dict(method.ended)).items()
    }
    seconds = {
        labels: Distribution(method.latency_buckets, method.latency_sum_s)
        for labels, method in methods.items()
    }
    sent = {labels: method.messages_sent for labels, method in methods.items()}
    yield counter_family(catalogue.CALLS_HANDLED, handled)
    yield histogram_family(catalogue.CALL_SECONDS, seconds)
    yield counter_family(catalogue.MESSAGES_SENT, sent)


def _labels(method: MethodCounts) -> Labels:
    """Return the type, the service and the name of a method."""
    if method.path == UNKNOWN_PATH:
        return method.kind, UNKNOWN_PATH, UNKNOWN_PATH
    _, service, name = method.path.split("/")
    return method.kind, service, name

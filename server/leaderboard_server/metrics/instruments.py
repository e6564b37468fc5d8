"""Counts what happens in a server: counters, histograms, and gauges that are read at a scrape.

Not with the instruments of prometheus_client: their locks take 1 to 2 µs each time, which an update
that is a commit of its own would pay four times. These take a tenth of it, and are for the thread
of the event loop alone.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from leaderboard_server.metrics.families import (
    Distribution,
    Labels,
    counter_family,
    gauge_family,
    histogram_family,
)
from leaderboard_server.metrics.metric import Metric


class Counter:
    """Counts what happened."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def add(self, count: int = 1) -> None:
        """Count `count` more."""
        self.value += count


class Histogram:
    """Counts observed values by buckets."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Take the upper bounds of the buckets."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    @property
    def distribution(self) -> Distribution:
        """What was observed."""
        return Distribution(self._counts, self._sum)


class Instruments(Collector):
    """The instruments of one server, by metric and labels; the registry collects their values.

    The same metric and labels are the same instrument, also in several parts.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counters: dict[Metric, dict[Labels, Counter]] = {}
        self._gauges: dict[Metric, dict[Labels, Callable[[], float | None]]] = {}
        self._histograms: dict[Metric, dict[Labels, Histogram]] = {}
        registry.register(self)

    def counter(self, metric: Metric, **labels: str) -> Counter:
        """Return the counter with these labels."""
        counters = self._counters.setdefault(metric, {})
        return counters.setdefault(_values(metric, labels), Counter())

    def histogram(self, metric: Metric, **labels: str) -> Histogram:
        """Return the histogram with these labels."""
        histograms = self._histograms.setdefault(metric, {})
        return histograms.setdefault(_values(metric, labels), Histogram(metric.buckets))

    def set_gauge(self, metric: Metric, read: Callable[[], float | None], **labels: str) -> None:
        """Have a gauge read by `read` at each scrape; None if it is not known now."""
        self._gauges.setdefault(metric, {})[_values(metric, labels)] = read

    def describe(self) -> list[Family]:
        """Name nothing in advance: instruments are added later."""
        return []

    def collect(self) -> Iterator[Family]:
        """Yield the families of all instruments."""
        for metric, counters in self._counters.items():
            counts = {labels: counter.value for labels, counter in counters.items()}
            yield counter_family(metric, counts)
        for metric, gauges in self._gauges.items():
            read = {labels: read() for labels, read in gauges.items()}
            known = {labels: value for labels, value in read.items() if value is not None}
            if known:
                yield gauge_family(metric, known)
        for metric, histograms in self._histograms.items():
            observed = {labels: each.distribution for labels, each in histograms.items()}
            yield histogram_family(metric, observed)


def _values(metric: Metric, labels: Mapping[str, str]) -> Labels:
    if labels.keys() != set(metric.labels):
        raise ValueError(f"the labels of {metric.name} are {metric.labels}")
    return tuple(labels[name] for name in metric.labels)

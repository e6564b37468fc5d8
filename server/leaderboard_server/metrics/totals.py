"""Adds up the metrics of several processes, so that they read as those of one server.

A process reports snapshots: all its samples at one moment. Totals combine the last snapshot of each
process by the rule of each metric. What a process counted stays in the sums after its end, so no
counter ever falls; its gauges end with it.
"""

import operator
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric as Family

from leaderboard_server.metrics.metric import AcrossWorkers, Kind, Metric

Series: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""The name of a sample, and its labels in the order of their declaration."""

Snapshot: TypeAlias = dict[Series, float]

_SUFFIXES = {Kind.COUNTER: ("",), Kind.GAUGE: ("",), Kind.HISTOGRAM: ("_bucket", "_count", "_sum")}

_RULES: dict[AcrossWorkers, Callable[[float, float], float]] = {
    AcrossWorkers.SUM: operator.add,
    AcrossWorkers.MIN: min,
    AcrossWorkers.MAX: max,
}


def take_snapshot(registry: CollectorRegistry) -> Snapshot:
    """Return the samples that a registry has now."""
    return {
        (sample.name, tuple(sample.labels.items())): sample.value
        for family in registry.collect()
        for sample in family.samples
    }


@dataclass
class _Numbers:
    """The numbers of a running process."""

    counted: Snapshot = field(default_factory=dict)
    """Of counters and histograms; none of them falls."""
    measured: Snapshot = field(default_factory=dict)
    """Of gauges."""


class Totals:
    """Combines the numbers of all processes that are running or have ended."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        """Know the metrics.

        Samples of others are left out. A worker that was started after an upgrade of the installed
        code may report some.
        """
        self._metrics = tuple(metrics)
        self._by_sample = {
            metric.name + suffix: metric
            for metric in self._metrics
            for suffix in _SUFFIXES[metric.kind]
        }
        self._running: dict[Hashable, _Numbers] = {}
        self._ended: Snapshot = {}
        """What all ended processes counted, added up: it takes no more memory with each of them."""

    def update(self, process: Hashable, snapshot: Snapshot) -> None:
        """Take the numbers of a process, which replace its earlier ones."""
        numbers = self._running.setdefault(process, _Numbers())
        numbers.measured = {}
        for series, value in snapshot.items():
            metric = self._by_sample.get(series[0])
            if metric is None or metric.across_workers is AcrossWorkers.NONE:
                continue
            if metric.kind is Kind.GAUGE:
                numbers.measured[series] = value
            else:
                numbers.counted[series] = max(value, numbers.counted.get(series, value))

    def end(self, process: Hashable) -> None:
        """Keep what a process counted, and drop its gauges; it reports nothing any more."""
        if numbers := self._running.pop(process, None):
            self._combine(self._ended, numbers.counted)

    def families(self, own: Snapshot) -> Iterator[Family]:
        """Yield the totals, in the order of the metrics.

        Args:
            own: The samples of the process that serves the metrics, which takes part in all totals.
                Metrics that are no totals have these alone.
        """
        combined = dict(self._ended)
        for numbers in self._running.values():
            self._combine(combined, numbers.counted)
            self._combine(combined, numbers.measured)
        self._combine(combined, own)
        of_metric: defaultdict[str, list[Series]] = defaultdict(list)
        for series in combined:
            of_metric[self._by_sample[series[0]].name].append(series)
        for metric in self._metrics:
            if metric.name in of_metric:
                family = Family(metric.name.removesuffix("_total"), metric.help, metric.kind.value)
                for name, labels in of_metric[metric.name]:
                    family.add_sample(name, dict(labels), combined[name, labels])
                yield family

    def _combine(self, combined: Snapshot, part: Snapshot) -> None:
        for series, value in part.items():
            if series in combined:
                rule = _RULES[self._by_sample[series[0]].across_workers]
                combined[series] = rule(combined[series], value)
            elif series[0] in self._by_sample:
                combined[series] = value

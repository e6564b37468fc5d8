"""Makes families of samples, as prometheus_client exposes them, of metrics and their values."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.utils import floatToGoString

from leaderboard_server.metrics.metric import Metric

Labels = tuple[str, ...]
"""The values of a metric's labels, in their order."""


class Distribution(NamedTuple):
    """The observations of a histogram."""

    counts: Sequence[int]
    """How many fell into each bucket, and last how many were above all."""
    sum: float


def counter_family(metric: Metric, values: Mapping[Labels, float]) -> CounterMetricFamily:
    """Return the family of a counter."""
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def gauge_family(metric: Metric, values: Mapping[Labels, float]) -> GaugeMetricFamily:
    """Return the family of a gauge."""
    family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


def histogram_family(
    metric: Metric, values: Mapping[Labels, Distribution]
) -> HistogramMetricFamily:
    """Return the family of a histogram."""
    family = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
    bounds = [floatToGoString(bound) for bound in (*metric.buckets, float("inf"))]
    for labels, (counts, total) in values.items():
        family.add_metric(labels, list(zip(bounds, accumulate(counts), strict=True)), total)
    return family

"""Describes metrics: their names, kinds, labels and meaning."""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The kinds of metrics, by Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class AcrossWorkers(Enum):
    """How the values of several workers become one."""

    SUM = "sum"
    MIN = "min"
    MAX = "max"
    NONE = "none"
    """Only the process that serves the metrics has it."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric, which may have several series."""

    name: str
    """As it is queried; a counter ends with `_total`, a histogram has no suffix."""
    kind: Kind
    group: str
    """The heading under which the docs list it."""
    help: str
    """One sentence: what it counts or measures, and its unit."""
    labels: tuple[str, ...] = ()
    values: str = ""
    """The values of the labels, in words, for the docs."""
    buckets: tuple[float, ...] = ()
    """Upper bounds of a histogram, without +Inf."""
    across_workers: AcrossWorkers = AcrossWorkers.SUM
    only: str = ""
    """Where it is exposed, in words; empty for everywhere."""


class Group:
    """Metrics under one heading, in the order of their declaration."""

    def __init__(
        self, heading: str, across_workers: AcrossWorkers = AcrossWorkers.SUM, *, only: str = ""
    ) -> None:
        """Take what holds for its metrics unless they say otherwise."""
        self.heading = heading
        self.metrics: list[Metric] = []
        self._across_workers = across_workers
        self._only = only

    def counter(
        self,
        name: str,
        help: str,  # noqa: A002 - the word of Prometheus
        *,
        labels: tuple[str, ...] = (),
        values: str = "",
        only: str = "",
    ) -> Metric:
        """Declare a counter."""
        return self._add(Kind.COUNTER, name, help, labels=labels, values=values, only=only)

    def gauge(
        self,
        name: str,
        help: str,  # noqa: A002 - the word of Prometheus
        *,
        labels: tuple[str, ...] = (),
        values: str = "",
        across_workers: AcrossWorkers | None = None,
        only: str = "",
    ) -> Metric:
        """Declare a gauge."""
        return self._add(
            Kind.GAUGE,
            name,
            help,
            labels=labels,
            values=values,
            across_workers=across_workers,
            only=only,
        )

    def histogram(
        self,
        name: str,
        help: str,  # noqa: A002 - the word of Prometheus
        *,
        buckets: tuple[float, ...],
        labels: tuple[str, ...] = (),
        values: str = "",
    ) -> Metric:
        """Declare a histogram."""
        return self._add(Kind.HISTOGRAM, name, help, labels=labels, values=values, buckets=buckets)

    def _add(
        self,
        kind: Kind,
        name: str,
        help: str,  # noqa: A002 - the word of Prometheus
        *,
        labels: tuple[str, ...],
        values: str,
        buckets: tuple[float, ...] = (),
        across_workers: AcrossWorkers | None = None,
        only: str = "",
    ) -> Metric:
        metric = Metric(
            name=name,
            kind=kind,
            group=self.heading,
            help=help,
            labels=labels,
            values=values,
            buckets=buckets,
            across_workers=across_workers or self._across_workers,
            only=only or self._only,
        )
        self.metrics.append(metric)
        return metric

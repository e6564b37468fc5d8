"""Reads the metrics of a server, twice, so that what happens in between can be seen."""

import http.client
import math
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from prometheus_client.parser import text_string_to_metric_families

_TIMEOUT = 5.0
_MAX_BYTES = 16 << 20
_PATH = "/metrics"

Bounds: TypeAlias = Mapping[float, float]
"""How many observations of a histogram are at most as large as each bound."""


class MetricsUnreadable(Exception):
    """The metrics can't be read; the text says why."""


@dataclass(frozen=True, slots=True)
class _Sample:
    name: str
    labels: Mapping[str, str]
    value: float


class Metrics:
    """The metrics of a server at one time."""

    def __init__(self, samples: Iterable[_Sample]) -> None:
        """Take all samples."""
        self._samples: dict[str, list[_Sample]] = {}
        for sample in samples:
            self._samples.setdefault(sample.name, []).append(sample)

    def __contains__(self, name: str) -> bool:
        """Return whether there is a series with this name."""
        return name in self._samples

    def value(self, name: str) -> float:
        """Return the sum over all labels; 0 without such a metric."""
        return sum(sample.value for sample in self._samples.get(name, ()))

    def by(self, name: str, label: str) -> Mapping[str, float]:
        """Return the sums for each value of a label, 0 for all other values."""
        sums: defaultdict[str, float] = defaultdict(float)
        for sample in self._samples.get(name, ()):
            sums[sample.labels.get(label, "")] += sample.value
        return sums

    def labels(self, name: str) -> Mapping[str, str]:
        """Return the labels of the first series of a metric; none without such a metric."""
        return next((sample.labels for sample in self._samples.get(name, ())), {})

    def bounds(self, name: str) -> Bounds:
        """Return the buckets of a histogram, added up over its other labels."""
        return {float(bound): count for bound, count in self.by(f"{name}_bucket", "le").items()}


@dataclass(frozen=True, slots=True)
class Period:
    """The metrics of a server at the start and at the end of a check."""

    before: Metrics
    after: Metrics

    def grown(self, name: str, label: str) -> dict[str, int]:
        """Return by how much a counter grew, for the values of a label for which it did."""
        after, before = self.after.by(name, label), self.before.by(name, label)
        grown = {value: round(count - before[value]) for value, count in after.items()}
        return {value: count for value, count in grown.items() if count > 0}

    def quantile(self, name: str, part: float) -> float | None:
        """Return a bound within which a part of the new observations is; None without any."""
        before = self.before.bounds(name)
        counts = {
            bound: count - before.get(bound, 0) for bound, count in self.after.bounds(name).items()
        }
        total = counts.get(math.inf, 0)
        within = [bound for bound, count in counts.items() if count >= part * total]
        return min(within) if total > 0 else None


class MetricsReader:
    """Reads the metrics at an address."""

    def __init__(self, address: str) -> None:
        """Read at HOST:PORT, or at a URL that begins with http:// or https://."""
        self.address = address
        url = address if "://" in address else f"http://{address}"
        self._url = url if urlsplit(url).path.strip("/") else url.rstrip("/") + _PATH
        self._opener = build_opener(ProxyHandler({}))
        self._started = 0.0
        self._before: Metrics | MetricsUnreadable

    def begin(self) -> None:
        """Read for the first time; an error is raised by `end`."""
        self._started = time.monotonic()
        try:
            self._before = self._read()
        except MetricsUnreadable as error:
            self._before = error

    def end(self, *, after: float) -> Period:
        """Read again, `after` seconds after the first time at the earliest.

        Raises:
            MetricsUnreadable: They could not be read now or then.
        """
        if isinstance(self._before, MetricsUnreadable):
            raise self._before
        time.sleep(max(0.0, self._started + after - time.monotonic()))
        return Period(self._before, self._read())

    def _read(self) -> Metrics:
        if urlsplit(self._url).scheme not in {"http", "https"}:
            raise MetricsUnreadable("the address is neither HOST:PORT nor an http or https URL")
        try:
            with self._opener.open(self._url, timeout=_TIMEOUT) as response:
                text = response.read(_MAX_BYTES).decode()
            return Metrics(
                _Sample(sample.name, sample.labels, sample.value)
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            )
        except URLError as error:
            raise MetricsUnreadable(str(error.reason)) from None
        except (OSError, http.client.HTTPException) as error:
            raise MetricsUnreadable(str(error) or type(error).__name__) from None
        except ValueError:
            raise MetricsUnreadable("what is there is no text of metrics") from None

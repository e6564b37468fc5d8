"""The metrics of several processes, added up, beside a plain model of them."""

import itertools
import json
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client import Counter as CounterOf
from prometheus_client import Gauge as GaugeOf
from prometheus_client import Histogram as HistogramOf
from prometheus_client.core import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from leaderboard_server.metrics.metric import AcrossWorkers, Kind, Metric
from leaderboard_server.metrics.totals import Snapshot, Totals, take_snapshot

_BUCKETS = (1, 10)
_CALLS = Metric(name="calls_total", kind=Kind.COUNTER, group="", help="Calls.", labels=("code",))
_SIZE = Metric(name="size", kind=Kind.HISTOGRAM, group="", help="Sizes.", buckets=_BUCKETS)
_OPEN = Metric(name="open", kind=Kind.GAUGE, group="", help="Open.")
_ALL = (
    _CALLS,
    _SIZE,
    _OPEN,
    replace(_OPEN, name="lowest", across_workers=AcrossWorkers.MIN),
    replace(_OPEN, name="highest", across_workers=AcrossWorkers.MAX),
    replace(_OPEN, name="own", across_workers=AcrossWorkers.NONE),
)
_GAUGES = tuple(metric.name for metric in _ALL if metric.kind is Kind.GAUGE)

_SHORT = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
_LONG = settings(_SHORT, max_examples=200, stateful_step_count=50, derandomize=False)


@dataclass
class _Plain:
    """What a process counted, in plain numbers."""

    calls: Counter[str] = field(default_factory=Counter)
    sizes: tuple[int, ...] = ()
    gauge: int = 0


class _Process:
    """A process that counts with the real library, and keeps the same in plain numbers."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.calls = CounterOf("calls", "", ["code"], registry=self.registry)
        self.size = HistogramOf("size", "", buckets=_BUCKETS, registry=self.registry)
        self.gauges = [GaugeOf(name, "", registry=self.registry) for name in _GAUGES]
        CounterOf("of_another_version", "", registry=self.registry).inc()
        self.plain = _Plain()
        self.reported: _Plain | None = None
        self.snapshots: list[Snapshot] = []

    def count(self, code: str, size: int, gauge: int) -> None:
        self.calls.labels(code).inc()
        self.size.observe(size)
        for each in self.gauges:
            each.set(gauge)
        self.plain.calls[code] += 1
        self.plain.sizes += (size,)
        self.plain.gauge = gauge

    def report(self) -> Snapshot:
        self.reported = replace(self.plain, calls=Counter(self.plain.calls))
        self.snapshots.append(take_snapshot(self.registry))
        return self.snapshots[-1]


class _TotalsMachine(RuleBasedStateMachine):
    """Runs processes that start, count, report and end, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.totals = Totals(_ALL)
        self.numbers = itertools.count()
        self.running: dict[int, _Process] = {}
        self.ended: list[_Process] = []
        self.before: dict[tuple[str, str], float] = {}

    @precondition(lambda self: len(self.running) < 4)
    @rule()
    def start(self) -> None:
        self.running[next(self.numbers)] = _Process()

    @precondition(lambda self: self.running)
    @rule(data=st.data(), code=st.sampled_from("ABC"), size=st.integers(0, 20), gauge=st.integers())
    def count(self, data: st.DataObject, code: str, size: int, gauge: int) -> None:
        data.draw(st.sampled_from(list(self.running.values()))).count(code, size, gauge % 9)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def report(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(list(self.running)))
        self.totals.update(number, self.running[number].report())

    @precondition(lambda self: any(process.snapshots for process in self.running.values()))
    @rule(data=st.data())
    def report_less(self, data: st.DataObject) -> None:
        """Report an earlier snapshot, then the last one again for its gauges."""
        number, process = data.draw(
            st.sampled_from([item for item in self.running.items() if item[1].snapshots])
        )
        self.totals.update(number, data.draw(st.sampled_from(process.snapshots)))
        self._no_counter_falls()
        self.totals.update(number, process.snapshots[-1])

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(list(self.running)))
        self.ended.append(self.running.pop(number))
        self.totals.end(number)

    @invariant()
    def equal(self) -> None:
        self._no_counter_falls()
        families = {family.name: family for family in self.totals.families({})}
        running = [each.reported for each in self.running.values() if each.reported]
        every = running + [each.reported for each in self.ended if each.reported]
        calls = sum((each.calls for each in every), Counter[str]())
        assert _values(families, "calls", "calls_total", "code") == calls
        sizes = [size for each in every for size in each.sizes]
        assert _values(families, "size", "size_bucket", "le") == (
            {le: sum(size <= float(le) for size in sizes) for le in ("1.0", "10.0", "+Inf")}
            if every
            else {}
        )
        gauges = [each.gauge for each in running]
        for name, combine in (("open", sum), ("lowest", min), ("highest", max)):
            expected = {"": combine(gauges)} if gauges else {}
            assert _values(families, name, name) == expected
        assert "own" not in families

    def _no_counter_falls(self) -> None:
        now = {
            (sample.name, json.dumps(sample.labels)): sample.value
            for family in self.totals.families({})
            if family.type != "gauge"
            for sample in family.samples
        }
        assert {series: now.get(series, 0) for series in self.before} == {
            series: max(value, now.get(series, 0)) for series, value in self.before.items()
        }
        self.before = now


def _values(
    families: dict[str, Family], family: str, sample: str, label: str = ""
) -> dict[str, float]:
    found = families[family].samples if family in families else []
    return {each.labels.get(label, ""): each.value for each in found if each.name == sample}


def test_totals_equal_the_model() -> None:
    """Totals equal those of plain numbers, and no counter falls, whatever processes do."""
    run_state_machine_as_test(_TotalsMachine, settings=_SHORT)


@pytest.mark.slow
def test_totals_equal_the_model_in_a_long_search() -> None:
    """A long search finds no difference either."""
    run_state_machine_as_test(_TotalsMachine, settings=_LONG)


def _registry_of(totals: Totals, own: Snapshot) -> CollectorRegistry:
    class _Collector:
        def collect(self) -> list[Family]:
            return list(totals.families(own))

    registry = CollectorRegistry()
    registry.register(_Collector())
    return registry


def test_own_samples_take_part_in_the_totals() -> None:
    """The serving process adds to all totals, and alone has the metrics that are no totals."""
    totals, worker, own = Totals(_ALL), _Process(), _Process()
    worker.count("A", 5, 7)
    own.count("A", 5, 2)
    totals.update("worker", worker.report())

    text = generate_latest(_registry_of(totals, own.report())).decode()

    samples = {
        sample.name + "".join(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["calls_totalA"] == samples["size_bucket10.0"] == samples["size_count"] == 2
    assert samples["size_sum"] == 10
    assert [samples[name] for name in _GAUGES] == [9, 2, 7, 2]
    assert "of_another_version" not in text

"""Counters, gauges and histograms, and the text that is made of them."""

import gzip

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families

from leaderboard_server.metrics.catalogue import (
    CALLS_LIMIT,
    REFUSALS,
    STORE_BATCH_SIZE,
    STORE_ERRORS,
    STORE_RESENDS,
)
from leaderboard_server.metrics.exposition import exposition
from leaderboard_server.metrics.instruments import Instruments


class _Server:
    """A registry with instruments."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.instruments = Instruments(self.registry)

    def value(self, name: str, **labels: str) -> float | None:
        """Return the value of a sample, read from the text."""
        text = exposition(self.registry).body.decode()
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        return None


@pytest.fixture
def server() -> _Server:
    """Return a new one."""
    return _Server()


def test_a_counter_is_exposed_from_its_making_on(server: _Server) -> None:
    """A counter is 0 until something happens, and then what was counted."""
    counter = server.instruments.counter(STORE_RESENDS)

    assert server.value("leaderboard_store_resends_total") == 0
    counter.add()
    counter.add(4)
    assert server.value("leaderboard_store_resends_total") == 5


def test_the_same_labels_are_the_same_counter(server: _Server) -> None:
    """Two parts that count the same share a series, and other labels have their own."""
    server.instruments.counter(REFUSALS, limit="calls").add()
    server.instruments.counter(REFUSALS, limit="calls").add()
    server.instruments.counter(REFUSALS, limit="queue").add()

    assert server.value("leaderboard_refusals_total", limit="calls") == 2
    assert server.value("leaderboard_refusals_total", limit="queue") == 1


def test_labels_are_put_in_the_order_of_the_metric(server: _Server) -> None:
    """Labels are named, so their order in a call has no meaning."""
    server.instruments.counter(STORE_ERRORS, cause="timeout", script="commit").add()

    assert server.value("leaderboard_store_errors_total", script="commit", cause="timeout") == 1


@pytest.mark.parametrize("labels", [{}, {"limit": "calls", "user": "u"}, {"user": "u"}])
def test_other_labels_are_refused(server: _Server, labels: dict[str, str]) -> None:
    """An instrument has exactly the labels of its metric."""
    with pytest.raises(ValueError, match="the labels of leaderboard_refusals_total"):
        server.instruments.counter(REFUSALS, **labels)


def test_a_gauge_is_read_at_the_scrape(server: _Server) -> None:
    """A gauge has the value of the moment at which it is scraped."""
    calls = [1, 2]
    server.instruments.set_gauge(CALLS_LIMIT, lambda: len(calls))
    calls.append(3)

    assert server.value("leaderboard_calls_limit") == 3


def test_a_histogram_counts_by_upper_bounds(server: _Server) -> None:
    """A bucket has all values up to its bound, the bound included; the last one has all."""
    histogram = server.instruments.histogram(STORE_BATCH_SIZE, kind="commit")
    for size in (1, 2, 3, 1_000, 1_001):
        histogram.observe(size)

    def bucket(bound: str) -> float | None:
        return server.value("leaderboard_store_batch_size_bucket", kind="commit", le=bound)

    assert [bucket(bound) for bound in ("1.0", "2.0", "5.0", "500.0", "1000.0", "+Inf")] == [
        *(1, 2, 3, 3, 4, 5)
    ]
    assert server.value("leaderboard_store_batch_size_count", kind="commit") == 5
    assert server.value("leaderboard_store_batch_size_sum", kind="commit") == 2_007


def test_the_reader_chooses_the_format(server: _Server) -> None:
    """OpenMetrics and compression are used where the reader names them."""
    server.instruments.counter(STORE_RESENDS).add(3)

    plain = exposition(server.registry)
    asked = exposition(
        server.registry,
        accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5",
        accept_encoding="gzip",
    )

    assert plain.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "Content-Encoding" not in plain.headers
    assert asked.headers["Content-Type"].startswith("application/openmetrics-text")
    (family,) = parse_openmetrics(gzip.decompress(asked.body).decode())
    assert [sample.value for sample in family.samples] == [3]


@pytest.mark.parametrize(
    "accept",
    [
        "text/plain;version=x",
        "application/openmetrics-text;version=",
        "application/openmetrics-text;version=1.x;escaping=x",
        ";;=,,",
        "*/*",
    ],
)
def test_any_header_gets_a_text(server: _Server, accept: str) -> None:
    """A header that can't be read gets the text format."""
    server.instruments.counter(STORE_RESENDS)

    assert b"leaderboard_store_resends" in exposition(server.registry, accept=accept).body

"""`doctor` reads the metrics of a server, and names what is out of order."""

from typing import Any

import pytest

from cli.conftest import Run
from cli.doctor_results import found
from cli.fake_metrics import FakeMetrics
from cli.fake_service import FakeService
from leaderboard_cli.failures import ExitCode

pytestmark = pytest.mark.usefixtures("unhurried", "at_once")

_HEALTHY = {
    'leaderboard_build_info{version="0.1.0",listener="front",python="3.13.1"}': 1,
    "leaderboard_store_available": 1,
    "leaderboard_store_shards": 1,
    "leaderboard_store_shards_available": 1,
    'leaderboard_store_errors_total{script="commit",cause="full"}': 7,
    'leaderboard_store_errors_total{script="ranks",cause="full"}': 1,
    "leaderboard_feed_connected": 1,
    'leaderboard_feed_lag_seconds_bucket{source="heartbeat",le="0.001"}': 100,
    'leaderboard_feed_lag_seconds_bucket{source="heartbeat",le="2.5"}': 100,
    'leaderboard_feed_lag_seconds_bucket{source="heartbeat",le="+Inf"}': 100,
    "leaderboard_calls_in_flight": 3,
    "leaderboard_calls_limit": 1000,
    "leaderboard_watches_open": 40,
    "leaderboard_watches_limit": 10000,
    "leaderboard_connections_open": 5,
    "leaderboard_connections_limit": 900,
    'leaderboard_refusals_total{limit="calls"}': 1200,
    'leaderboard_refusals_total{limit="stopping"}': 2,
    'leaderboard_errors_total{reason="INTERNAL"}': 0,
    'leaderboard_errors_total{reason="USER_NOT_FOUND"}': 50,
    'leaderboard_watchers{scope="top"}': 39,
    'leaderboard_watchers{scope="all"}': 1,
    "leaderboard_watchers_lagged_total": 4,
    'leaderboard_watchers_dropped_total{cause="stalled"}': 2,
    'leaderboard_event_loop_delay_seconds_bucket{le="0.001"}': 0,
    'leaderboard_event_loop_delay_seconds_bucket{le="0.25"}': 500,
    'leaderboard_event_loop_delay_seconds_bucket{le="1"}': 500,
    'leaderboard_event_loop_delay_seconds_bucket{le="+Inf"}': 500,
    "leaderboard_workers": 2,
    "leaderboard_workers_configured": 2,
    "leaderboard_worker_starts_total": 2,
    "leaderboard_embedded_store_memory_bytes": 10 << 20,
    "leaderboard_embedded_store_memory_limit_bytes": 100 << 20,
    "leaderboard_embedded_store_disk_bytes": 3 << 30,
    "leaderboard_embedded_store_disk_free_bytes": 20 << 30,
}
"""The metrics of a healthy server with two workers, on which much has happened before."""

_CHECKS = {
    *("metrics", "metrics: store", "metrics: feed", "metrics: limits", "metrics: errors"),
    *("metrics: watchers", "metrics: event loop", "metrics: workers"),
    *("metrics: memory of the embedded store", "metrics: disk of the embedded store"),
}


@pytest.fixture(name="at_once")
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the metrics again without a pause."""
    monkeypatch.setattr("leaderboard_cli.doctor.metric_checks.SECONDS", 0.0)


def _text(changes: dict[str, float] | None = None) -> str:
    return "".join(f"{name} {value}\n" for name, value in (_HEALTHY | (changes or {})).items())


def _metric_checks(run: Run, address: str) -> dict[str, dict[str, Any]]:
    checks = found(run, "--metrics-address", address)
    return {name: check for name, check in checks.items() if name.startswith("metrics")}


def test_a_healthy_server(fake: FakeService, run: Run) -> None:
    """Metrics of a healthy server are OK, whatever happened before the check."""
    with FakeMetrics([_text()]) as metrics:
        checks = _metric_checks(run, metrics.address)
        by_url = _metric_checks(run, f"http://{metrics.address}/metrics")

    assert {name: check["verdict"] for name, check in checks.items()} == dict.fromkeys(
        _CHECKS, "OK"
    )
    assert checks["metrics"]["found"] == "version 0.1.0, listener front"
    assert "1,202 calls refused" in checks["metrics: limits"]["found"]
    assert by_url == checks


@pytest.mark.parametrize(
    ("check", "changes", "verdict", "says"),
    [
        ("store", {"leaderboard_store_available": 0}, "FAIL", "has no store"),
        (
            "store",
            {'leaderboard_store_errors_total{script="commit",cause="full"}': 9},
            "WARN",
            "failed: full 2",
        ),
        (
            "store",
            {"leaderboard_store_shards": 3, "leaderboard_store_shards_available": 2},
            "FAIL",
            "1 of the shards",
        ),
        ("feed", {"leaderboard_feed_connected": 0}, "FAIL", "gets no commits"),
        (
            "feed",
            {
                'leaderboard_feed_lag_seconds_bucket{source="heartbeat",le="2.5"}': 110,
                'leaderboard_feed_lag_seconds_bucket{source="heartbeat",le="+Inf"}': 110,
            },
            "WARN",
            "more than 1,000 ms",
        ),
        ("limits", {"leaderboard_watches_open": 9000}, "WARN", "90% of the watches in use"),
        (
            "limits",
            {'leaderboard_refusals_total{limit="calls"}': 1300},
            "WARN",
            "calls refused: calls 100",
        ),
        ("limits", {'leaderboard_refusals_total{limit="stopping"}': 9}, "OK", "1,209"),
        ("errors", {'leaderboard_errors_total{reason="INTERNAL"}': 1}, "WARN", "1 unexpected"),
        ("watchers", {"leaderboard_watchers_lagged_total": 9}, "WARN", "lagging 5"),
        (
            "watchers",
            {'leaderboard_watchers_dropped_total{cause="stalled"}': 3},
            "WARN",
            "dropped 1",
        ),
        (
            "event loop",
            {
                'leaderboard_event_loop_delay_seconds_bucket{le="1"}': 520,
                'leaderboard_event_loop_delay_seconds_bucket{le="+Inf"}': 520,
            },
            "WARN",
            "more than 250 ms late",
        ),
        ("workers", {"leaderboard_worker_starts_total": 5}, "WARN", "2 serve, 3 ended"),
        ("workers", {"leaderboard_workers": 1}, "FAIL", "1 of 2 serve"),
        (
            "memory of the embedded store",
            {"leaderboard_embedded_store_memory_bytes": 90 << 20},
            "WARN",
            "90% used",
        ),
        (
            "memory of the embedded store",
            {"leaderboard_embedded_store_memory_limit_bytes": 0},
            "OK",
            "without a limit",
        ),
        (
            "disk of the embedded store",
            {"leaderboard_embedded_store_disk_free_bytes": 2 << 30},
            "WARN",
            "3.0 GiB used, 2.0 GiB free",
        ),
        (
            "disk of the embedded store",
            {"leaderboard_embedded_store_disk_free_bytes": 100 << 20},
            "FAIL",
            "100.0 MiB free",
        ),
    ],
)
def test_what_is_out_of_order(
    fake: FakeService, run: Run, check: str, changes: dict[str, float], verdict: str, says: str
) -> None:
    """What is wrong at the end, or happened during the check, is named, with what to do."""
    with FakeMetrics([_text(), _text(changes)]) as metrics:
        checks = _metric_checks(run, metrics.address)

    result = checks.pop(f"metrics: {check}")
    assert result["verdict"] == verdict
    assert says in result["found"]
    assert bool(result["to_do"]) == (verdict != "OK")
    assert {other["verdict"] for other in checks.values()} == {"OK"}


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:1", "127.0.0.1:1 can't be read: [Errno 111] Connection refused"),
        ("ftp://127.0.0.1", "neither HOST:PORT nor an http or https URL"),
    ],
)
def test_metrics_that_are_not_there(fake: FakeService, run: Run, address: str, says: str) -> None:
    """Metrics that can't be read are a FAIL, and all else is checked."""
    checks = found(run, "--metrics-address", address)

    assert checks["metrics"]["verdict"] == "FAIL"
    assert says in checks["metrics"]["found"]
    assert "latency of GetTopUsers" in checks
    assert run("doctor", "--metrics-address", address).code == ExitCode.FAILED


@pytest.mark.parametrize(
    ("text", "says"),
    [("up 1\n", "no metrics of a leaderboard"), ("<html>{</html>", "no text of metrics")],
)
def test_another_program(fake: FakeService, run: Run, text: str, says: str) -> None:
    """A program that is no leaderboard is a FAIL."""
    with FakeMetrics([text]) as metrics:
        checks = _metric_checks(run, metrics.address)

    assert checks.keys() == {"metrics"}
    assert checks["metrics"]["verdict"] == "FAIL"
    assert says in checks["metrics"]["found"]


def test_several_servers(fake: FakeService, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """With several addresses each result has the address in its name."""
    away = _text({"leaderboard_store_available": 0})
    with FakeMetrics([_text()]) as one, FakeMetrics([away]) as other:
        monkeypatch.setenv("LEADERBOARD_METRICS_ADDRESS", f"{one.address}, {other.address}")
        checks = found(run)

    assert checks[f"metrics: store of {one.address}"]["verdict"] == "OK"
    assert checks[f"metrics: store of {other.address}"]["verdict"] == "FAIL"


def test_embedded_store_that_does_not_reply(fake: FakeService, run: Run) -> None:
    """Its disk is checked too, since it may be full; its memory is not known."""
    memory = "leaderboard_embedded_store_memory_"
    lines = [line for line in _text().splitlines(keepends=True) if not line.startswith(memory)]
    with FakeMetrics(["".join(lines)]) as metrics:
        checks = _metric_checks(run, metrics.address)

    assert _CHECKS - checks.keys() == {"metrics: memory of the embedded store"}


def test_no_worker_serves(fake: FakeService, run: Run) -> None:
    """Only that is named: the metrics say nothing of the store then."""
    changes: dict[str, float] = {"leaderboard_workers": 0, "leaderboard_worker_starts_total": 9}
    known = ("leaderboard_build_info", "leaderboard_worker", "leaderboard_embedded")
    lines = [line for line in _text(changes).splitlines(keepends=True) if line.startswith(known)]
    with FakeMetrics(["".join(lines)]) as metrics:
        checks = _metric_checks(run, metrics.address)

    assert checks["metrics: workers"]["found"] == "0 of 2 serve"
    failed = {name for name, check in checks.items() if check["verdict"] != "OK"}
    assert failed == {"metrics: workers"}

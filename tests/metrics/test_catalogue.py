"""The catalogue of metrics, and the page `docs/metrics.md` that is made from it."""

import subprocess
import sys
from pathlib import Path

from leaderboard_server.metrics.catalogue import METRICS
from leaderboard_server.metrics.metric import Kind

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_that_of_the_code() -> None:
    """The page is what `make docs` prints."""
    made = subprocess.run(
        [sys.executable, str(DOCS / "metrics.py")], capture_output=True, check=True
    ).stdout.decode()

    assert (DOCS / "metrics.md").read_text(encoding="utf-8") == made


def test_every_metric_is_described() -> None:
    """Each metric has a sentence, its labels have their values, and a histogram its buckets."""
    for metric in METRICS:
        assert metric.help.endswith("."), metric.name
        assert bool(metric.values) == bool(metric.labels), metric.name
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM), metric.name
        assert list(metric.buckets) == sorted(set(metric.buckets)), metric.name


def test_names_follow_the_conventions() -> None:
    """Names are unique, a counter and no other ends with `_total`, and none has `_created`."""
    names = [metric.name for metric in METRICS]

    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER), metric.name
        assert not metric.name.endswith(("_count", "_sum", "_bucket", "_created")), metric.name

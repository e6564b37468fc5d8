"""`leaderboard doctor` reads metrics that exist, and judges them as the alerts do."""

from pathlib import Path

import pytest
import yaml

from deploy.expressions import names_in, series
from deploy.promtool import RULES
from leaderboard_cli.doctor import metric_checks
from leaderboard_server.metrics.catalogue import METRICS

_HISTOGRAMS = {metric.name for metric in METRICS if metric.buckets}


def test_metrics_exist() -> None:
    """Each metric that `doctor` reads is one of a server."""
    read = names_in(Path(metric_checks.__file__).read_text(encoding="utf-8"))
    assert read - series().keys() - _HISTOGRAMS - {"leaderboard_cli"} == set()


@pytest.mark.parametrize(
    ("alert", "threshold"),
    [
        ("LeaderboardWatchesNearLimit", metric_checks.NEAR_LIMIT),
        ("LeaderboardCallsNearLimit", metric_checks.NEAR_LIMIT),
        ("LeaderboardConnectionsNearLimit", metric_checks.NEAR_LIMIT),
        ("LeaderboardEmbeddedStoreNearlyFull", metric_checks.STORE_NEARLY_FULL),
        ("LeaderboardEventLoopDelayed", metric_checks.LATE_TIMER),
        ("LeaderboardFeedLagging", int(metric_checks.LATE_MESSAGE)),
        ("LeaderboardDiskLow", metric_checks.LOW_DISK),
        ("LeaderboardDiskFull", metric_checks.FULL_DISK),
    ],
)
def test_thresholds_are_those_of_alerts(alert: str, threshold: float) -> None:
    """`doctor` warns where an alert would fire."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    (rule,) = [each for group in groups for each in group["rules"] if each.get("alert") == alert]
    assert f" {threshold}" in rule["expr"]

"""The dashboard in `deploy/grafana` asks for metrics that exist, and for all of them."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

from deploy.dashboard import DASHBOARD, VARIABLES, panels, queries
from deploy.expressions import faults, selectors, series
from deploy.promtool import check_syntax
from leaderboard_server.metrics.catalogue import METRICS

_COLUMNS = 24
_NOT_SHOWN = {"process_virtual_memory_bytes"}
"""Nobody needs it: it is more than the process uses."""


def test_file_is_up_to_date() -> None:
    """`make docs` would change nothing."""
    script = DASHBOARD.parent / "dashboard.py"
    done = subprocess.run([sys.executable, script], capture_output=True, check=True, text=True)
    assert done.stdout == DASHBOARD.read_text(encoding="utf-8")


def test_queries_are_valid(tmp_path: Path) -> None:
    """Prometheus can parse the query of each panel."""
    check_syntax([query.expression for query in queries()], tmp_path)


def test_metrics_of_queries_exist() -> None:
    """Panels and variables name metrics and labels that a server exposes."""
    asked = [query.expression for query in queries()]
    assert [fault for each in asked for fault in faults(each, series())] == []
    for variable in json.loads(DASHBOARD.read_text(encoding="utf-8"))["templating"]["list"]:
        if variable["type"] == "query":
            expression, _, label = variable["query"]["query"][len("label_values(") : -1].rpartition(
                ", "
            )
            assert {selector.metric for selector in selectors(expression)} <= series().keys()
            assert label in {"job", "instance"}
    assert VARIABLES.keys() >= {"$job", "$instance", "$__rate_interval"}


def test_every_metric_is_shown() -> None:
    """Each metric of a server is in some panel."""
    asked = {selector.metric for query in queries() for selector in selectors(query.expression)}
    parts = ("_bucket", "_sum", "_count")
    shown = asked | {name.removesuffix(part) for name in asked for part in parts}
    assert {metric.name for metric in METRICS} - shown == _NOT_SHOWN


def test_panels_have_room() -> None:
    """No panel has the number or the room of another, and none is wider than the dashboard."""
    numbers = Counter(panel["id"] for panel in panels())
    assert max(numbers.values()) == 1
    taken = Counter(
        (x, y)
        for at in (panel["gridPos"] for panel in panels())
        for x in range(at["x"], at["x"] + at["w"])
        for y in range(at["y"], at["y"] + at["h"])
    )
    assert max(taken.values()) == 1
    assert max(x for x, _ in taken) < _COLUMNS

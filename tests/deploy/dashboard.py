"""Reads the panels of the dashboard, and their queries as Grafana sends them."""

import json
from typing import Any, NamedTuple

from deploy.promtool import PROJECT

DASHBOARD = PROJECT / "deploy" / "grafana" / "leaderboard.json"
VARIABLES = {"$__rate_interval": "1m", "$job": "leaderboard", "$instance": ".+"}
"""What Grafana puts in the place of each variable."""


class PanelQuery(NamedTuple):
    """A query of a panel."""

    panel: str
    """The title of its row and its own."""
    expression: str


def panels() -> list[dict[str, Any]]:
    """Return all panels, rows included, from the top."""
    found: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return found


def queries(rate_interval: str = VARIABLES["$__rate_interval"]) -> list[PanelQuery]:
    """Return the queries of all panels, without variables."""
    values = VARIABLES | {"$__rate_interval": rate_interval}
    found, row = [], ""
    for panel in panels():
        if panel["type"] == "row":
            row = panel["title"]
        for target in panel.get("targets", ()):
            expression = target["expr"]
            for name, value in values.items():
                expression = expression.replace(name, value)
            found.append(PanelQuery(f"{row}: {panel['title']}", expression))
    return found

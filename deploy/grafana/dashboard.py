"""Prints the dashboard `leaderboard.json`; `make docs` runs it."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from panels import LIMIT, Panel, Query
from rows import ROWS

_COLUMNS = 24
_HEIGHT = 8
_STAT_HEIGHT = 4
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_SERVERS = 'job="$job", instance=~"$instance"'
"""Selects the servers that the variables name; `SERVERS` stands for it in the queries."""
_BUILD = "leaderboard_build_info"
"""The metric by which the variables find servers."""


def _target(at: int, query: Query, *, at_once: bool) -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + at),
        "datasource": _SOURCE,
        "expr": query.expression.replace("SERVERS", _SERVERS),
        "legendFormat": query.legend,
        "instant": at_once,
        "range": not at_once,
    }


def _panel(number: int, panel: Panel, at: Mapping[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"unit": panel.unit, "min": 0}
    if panel.words:
        shown = {str(value): {"text": text, "color": color} for value, text, color in panel.words}
        defaults["mappings"] = [{"type": "value", "options": shown}]
    if not panel.stat:
        stacking = {"mode": "normal" if panel.stacked else "none", "group": "A"}
        defaults["custom"] = {"fillOpacity": 10, "showPoints": "never", "stacking": stacking}
    return {
        "id": number,
        "type": "stat" if panel.stat else "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "gridPos": dict(at),
        "fieldConfig": {"defaults": defaults, "overrides": [] if panel.stat else [_dashed()]},
        "options": _stat_options() if panel.stat else _series_options(),
        "targets": [
            _target(at, query, at_once=panel.stat) for at, query in enumerate(panel.queries)
        ],
    }


def _dashed() -> dict[str, Any]:
    """Return the style of limits."""
    style = {"custom.lineStyle": {"fill": "dash", "dash": [10, 10]}, "custom.fillOpacity": 0}
    return {
        "matcher": {"id": "byRegexp", "options": f".*{LIMIT}$"},
        "properties": [{"id": name, "value": value} for name, value in style.items()],
    }


def _stat_options() -> dict[str, Any]:
    return {
        "colorMode": "value",
        "graphMode": "none",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "auto",
    }


def _series_options() -> dict[str, Any]:
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _row(number: int, title: str, top: int) -> dict[str, Any]:
    at = {"x": 0, "y": top, "w": _COLUMNS, "h": 1}
    row = {"id": number, "type": "row", "title": title, "gridPos": at}
    return row | {"collapsed": False, "panels": []}


def _panels() -> Iterator[dict[str, Any]]:
    number, top = 0, 0
    for row in ROWS:
        number += 1
        yield _row(number, row.title, top)
        top += 1
        width, height = _COLUMNS // row.columns, _STAT_HEIGHT if row.panels[0].stat else _HEIGHT
        for start in range(0, len(row.panels), row.columns):
            for column, panel in enumerate(row.panels[start : start + row.columns]):
                number += 1
                yield _panel(
                    number, panel, {"x": column * width, "y": top, "w": width, "h": height}
                )
            top += height


def _variable(name: str, label: str, query: str, *, several: bool) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": several,
        "includeAll": several,
        "allValue": ".+" if several else None,
        "current": {"text": "All", "value": "$__all"} if several else {},
    }


def _source() -> dict[str, Any]:
    source = {"name": "datasource", "label": "Prometheus", "type": "datasource"}
    return source | {"query": "prometheus", "refresh": 1, "current": {}}


def dashboard() -> dict[str, Any]:
    """Return the dashboard, as Grafana imports it."""
    servers = f'label_values({_BUILD}{{job="$job"}}, instance)'
    variables = [
        _source(),
        _variable("job", "Job", f"label_values({_BUILD}, job)", several=False),
        _variable("instance", "Server", servers, several=True),
    ]
    return {
        "title": "Leaderboard",
        "uid": "leaderboard",
        "description": "Servers of a leaderboard. Made by deploy/grafana/dashboard.py.",
        "tags": ["leaderboard"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "graphTooltip": 1,
        "templating": {"list": variables},
        "panels": list(_panels()),
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=2))

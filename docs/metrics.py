"""Prints `docs/metrics.md`: the metrics of a server and of a gateway, as the code declares them.

Run by `make docs`; a test compares the page with what this prints.
"""

from collections.abc import Iterable

from leaderboard_server.metrics.catalogue import GROUPS
from leaderboard_server.metrics.metric import AcrossWorkers, Group, Kind, Metric
from leaderboard_web.edge.catalogue import GROUPS as GATEWAY_GROUPS

_PAGE = """# Metrics

What a server with `--metrics-address` exposes, in the formats of Prometheus and OpenMetrics. No id
of a contest or user is a label. `make docs` makes this page from
`server/leaderboard_server/metrics/catalogue.py`.

With `--workers` the supervisor exposes the sum over all workers, unless the table says otherwise.
{groups}
## The gateway

What `leaderboard web` with `--metrics-address` exposes, besides the group [Process](#process).
`make docs` makes this part from `server/web/leaderboard_web/edge/catalogue.py`.
{gateway_groups}"""
_GROUP = """
{level} {heading}

| metric | kind | labels | meaning |
| --- | --- | --- | --- |
{rows}
"""
_ACROSS_WORKERS = {
    AcrossWorkers.MIN: " With workers the lowest value.",
    AcrossWorkers.MAX: " With workers the highest value.",
}


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    values = f": {metric.values}" if metric.values else ""
    where = f" Only {metric.only}." if metric.only else ""
    bounds = ", ".join(f"{bound:g}" for bound in metric.buckets)
    buckets = f" Buckets: {bounds}." if metric.kind is Kind.HISTOGRAM else ""
    meaning = f"{metric.help}{where}{_ACROSS_WORKERS.get(metric.across_workers, '')}{buckets}"
    row = f"| `{metric.name}` | {metric.kind.value} | {labels}{values} | {meaning} |"
    return row.replace("|  |", "| |")


def _tables(groups: Iterable[Group], level: str) -> str:
    return "".join(
        _GROUP.format(level=level, heading=group.heading, rows="\n".join(map(_row, group.metrics)))
        for group in groups
    )


def page() -> str:
    """Return the page, in Markdown."""
    return _PAGE.format(groups=_tables(GROUPS, "##"), gateway_groups=_tables(GATEWAY_GROUPS, "###"))


if __name__ == "__main__":
    print(page(), end="")

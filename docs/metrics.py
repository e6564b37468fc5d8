"""Prints `docs/metrics.md`: the metrics of a server, as the code declares them.

Run by `make docs`; a test compares the page with what this prints.
"""

from leaderboard_server.metrics.catalogue import GROUPS
from leaderboard_server.metrics.metric import AcrossWorkers, Group, Kind, Metric

_PAGE = """# Metrics

What a server with `--metrics-address` exposes, in the formats of Prometheus and OpenMetrics. No id
of a contest or user is a label. `make docs` makes this page from
`server/leaderboard_server/metrics/catalogue.py`.

With `--workers` the supervisor exposes the sum over all workers, unless the table says otherwise.
{groups}"""
_GROUP = """
## {heading}

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


def _table(group: Group) -> str:
    return _GROUP.format(heading=group.heading, rows="\n".join(map(_row, group.metrics)))


def page() -> str:
    """Return the page, in Markdown."""
    return _PAGE.format(groups="".join(map(_table, GROUPS)))


if __name__ == "__main__":
    print(page(), end="")

"""Defines rows and panels of the dashboard, and the usual queries."""

from dataclasses import dataclass

LIMIT = "limit"
"""A series with a legend that ends with this word is drawn as a dashed line."""


@dataclass(frozen=True)
class Query:
    """A query, in which `SERVERS` selects the servers that are shown."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """A panel with one or more queries."""

    title: str
    queries: tuple[Query, ...]
    unit: str
    """As Grafana names it: `reqps`, `s`, `bytes` and so on."""
    description: str
    stacked: bool = False
    stat: bool = False
    """Whether the latest value is shown as text, not a graph."""
    words: tuple[tuple[int, str, str], ...] = ()
    """Values that are shown as words, each with its color."""


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    columns: int
    panels: tuple[Panel, ...]


def graph(title: str, *queries: Query, unit: str = "short", about: str = "") -> Panel:
    """Return a panel of lines."""
    return Panel(title, queries, unit, about)


def stack(title: str, *queries: Query, unit: str = "ops", about: str = "") -> Panel:
    """Return a panel of areas, of which each begins at the one below."""
    return Panel(title, queries, unit, about, stacked=True)


def stat(
    title: str,
    expression: str,
    legend: str = "",
    *,
    unit: str = "short",
    about: str = "",
    words: tuple[tuple[int, str, str], ...] = (),
) -> Panel:
    """Return a panel of the latest value."""
    return Panel(title, (Query(expression, legend),), unit, about, stat=True, words=words)


def rate(metric: str, *matchers: str) -> str:
    """Return the rates of a counter."""
    return f"rate({metric}{{{', '.join(['SERVERS', *matchers])}}}[$__rate_interval])"


def by(label: str, metric: str, *matchers: str) -> Query:
    """Return the rate of a counter for each value of a label."""
    return Query(f"sum by ({label}) ({rate(metric, *matchers)})", f"{{{{{label}}}}}")


def total(metric: str, legend: str) -> Query:
    """Return the rate of a counter, added up."""
    return Query(f"sum({rate(metric)})", legend)


def quantile(part: float, metric: str, label: str = "", *matchers: str) -> Query:
    """Return a quantile of a histogram, for each value of a label if there is one."""
    labels = f"{label}, le" if label else "le"
    rates = f"sum by ({labels}) ({rate(f'{metric}_bucket', *matchers)})"
    percentile = f"p{part * 100:g}"
    legend = f"{{{{{label}}}}} {percentile}" if label else percentile
    return Query(f"histogram_quantile({part}, {rates})", legend)


def mean(metric: str, label: str) -> Query:
    """Return the mean of a histogram for each value of a label."""
    parts = [f"sum by ({label}) ({rate(metric + end)})" for end in ("_sum", "_count")]
    return Query(" / ".join(parts), f"{{{{{label}}}}}")


def each(metric: str, words: str = "") -> Query:
    """Return a gauge of each server."""
    expression = f"sum by (instance) ({metric}{{SERVERS}})"
    return Query(expression, f"{{{{instance}}}} {words}".strip())


def grown(metric: str, words: str) -> Query:
    """Return how much a counter of each server grew since the point before."""
    expression = f"sum by (instance) (increase({metric}{{SERVERS}}[$__rate_interval]))"
    return Query(expression, f"{{{{instance}}}} {words}")

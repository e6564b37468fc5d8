"""Finds the metrics in PromQL and in texts, and compares them with those that are declared."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from leaderboard_server.metrics.catalogue import METRICS
from leaderboard_server.metrics.metric import Kind

TARGET_LABELS = frozenset({"job", "instance"})
"""The labels that Prometheus adds."""
_PARTS = ("_bucket", "_sum", "_count")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\b(?!\s*\()\s*(\{[^}]*\})?")
_LABEL = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)")
_DURATION = re.compile(r"\[[^\]]*\]|\boffset\s+\w+|\b\d+(?:\.\d+)?(?:e\d+)?\b")
_KEYWORDS = {"and", "or", "unless", "bool"}
_NAME = re.compile(r"\b(?:leaderboard|grpc_server|process)_[a-z0-9_]+\b")


class Selector(NamedTuple):
    """A metric in an expression, with the labels that it is selected by."""

    metric: str
    labels: frozenset[str]


def series() -> dict[str, frozenset[str]]:
    """Return the labels of all series that a server exposes, by their names."""
    found: dict[str, frozenset[str]] = {}
    for metric in METRICS:
        labels = frozenset(metric.labels)
        if metric.kind is Kind.HISTOGRAM:
            found |= {f"{metric.name}{part}": labels for part in _PARTS}
            found[f"{metric.name}_bucket"] = labels | {"le"}
        else:
            found[metric.name] = labels
    return found


def selectors(expression: str) -> list[Selector]:
    """Return the selectors of an expression, in order."""
    plain = _DURATION.sub(" ", _GROUPING.sub(" ", _STRING.sub('""', expression)))
    found = []
    for match in _SELECTOR.finditer(plain):
        name, matchers = match.groups()
        if name not in _KEYWORDS:
            found.append(Selector(name, frozenset(_LABEL.findall(matchers or ""))))
    return found


def grouped_by(expression: str) -> set[str]:
    """Return the labels by which an expression groups or matches."""
    lists = _GROUPING.findall(_STRING.sub('""', expression))
    return {label.strip() for each in lists for label in each.split(",") if label.strip()}


def faults(expression: str, known: dict[str, frozenset[str]]) -> Iterator[str]:
    """Yield what an expression names that does not exist: metrics, and labels of metrics."""
    labels = set(TARGET_LABELS)
    for selector in selectors(expression):
        if selector.metric not in known:
            yield f"no metric {selector.metric} in: {expression}"
            continue
        labels |= known[selector.metric]
        if unknown := selector.labels - known[selector.metric] - TARGET_LABELS:
            yield f"{selector.metric} has no label {', '.join(sorted(unknown))} in: {expression}"
    if strange := grouped_by(expression) - labels:
        yield f"no metric has the label {', '.join(sorted(strange))} in: {expression}"


def names_in(text: str) -> set[str]:
    """Return the words of a text that look like metrics."""
    return set(_NAME.findall(text))

"""The metrics in expressions are found."""

import pytest

from deploy.expressions import Selector, faults, grouped_by, selectors, series

_CALLS = "grpc_server_handled_total"


def test_selectors() -> None:
    """Functions, keywords, strings, ranges and labels are no metrics."""
    expression = (
        'sum by (job, le) (rate(a_total{b="x_y", c!~"z"}[5m] offset 1h)) / on (job) d > 1e3'
        " unless (e unless absent(f{}))"
    )
    labels = frozenset({"b", "c"})
    none: frozenset[str] = frozenset()
    expected = [Selector("a_total", labels), *(Selector(name, none) for name in "def")]
    assert selectors(expression) == expected
    assert grouped_by(expression) == {"job", "le"}


@pytest.mark.parametrize(
    "wrong",
    [
        "rate(leaderboard_absent_total[5m])",
        "rate(leaderboard_feed_lag_seconds[5m])",
        f'rate({_CALLS}{{code="OK"}}[5m])',
        f"sum by (method) ({_CALLS})",
    ],
)
def test_faults(wrong: str) -> None:
    """A metric or label that does not exist is a fault; also a histogram without its suffix."""
    assert len(list(faults(wrong, series()))) == 1


def test_no_faults() -> None:
    """An expression of metrics and labels that exist has none."""
    expression = f'sum by (instance, grpc_method) (rate({_CALLS}{{grpc_code="OK"}}[5m]))'
    assert list(faults(expression, series())) == []

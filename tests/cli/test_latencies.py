"""Percentiles of many durations, in a space that does not grow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaderboard_cli.latencies import Latencies, milliseconds


@given(
    st.lists(st.floats(1e-5, 3_000), min_size=1, max_size=200),
    st.sampled_from([0, 50, 90, 99, 99.9, 100]),
)
def test_a_percentile_is_right_to_one_percent(durations: list[float], percent: float) -> None:
    """Each percentile is that of the sorted durations, but for the width of a bucket."""
    taken = Latencies()
    for duration in durations:
        taken.add(duration)

    exact = next(
        duration
        for count, duration in enumerate(sorted(durations), 1)
        if count * 100 >= len(durations) * percent
    )

    assert taken.percentile(percent) == pytest.approx(exact, rel=0.01)


def test_durations_out_of_bounds_are_counted_at_the_bounds() -> None:
    """Durations of 0, or of days, are counted too; the longest is exact."""
    taken = Latencies()
    taken.add(0.0)
    taken.add(100_000.0)

    assert taken.count == 2
    assert taken.in_milliseconds()["max"] == 100_000_000


def test_without_durations_there_are_no_numbers() -> None:
    """Without durations there are no numbers, for scripts and for people."""
    none = Latencies()

    assert none.in_milliseconds() == dict.fromkeys(("p50", "p90", "p99", "p99.9", "max"))
    assert milliseconds(none.percentile(99)) == milliseconds(none.longest) == "\N{EN DASH}"


def test_equal_durations_are_added_at_once() -> None:
    """A duration counts as often as `count` says."""
    taken = Latencies()
    taken.add(1.0, 99)
    taken.add(5.0)

    assert taken.count == 100
    assert taken.percentile(99) == pytest.approx(1.0, rel=0.01)
    assert taken.longest == 5.0


def test_durations_have_three_digits() -> None:
    """A duration for people has three significant digits."""
    shown = [milliseconds(seconds) for seconds in (0.000123456, 0.0123456, 1.23456, 1234.5)]

    assert shown == ["0.123 ms", "12.3 ms", "1,235 ms", "1,234,500 ms"]

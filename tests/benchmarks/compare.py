"""Medians, and ratios of runs that were made in the same turn."""

from collections.abc import Sequence
from statistics import median

from benchmarks.measure import Measurement

Side = tuple[str, str]
"""A server and one of its jobs."""


def value(measurements: Sequence[Measurement], server: str, job: str) -> float | None:
    """Return the median of all turns; None if it was not measured."""
    values = list(_by_turn(measurements, (server, job)).values())
    return median(values) if values else None


def ratio(measurements: Sequence[Measurement], ours: Side, theirs: Side) -> float | None:
    """Return the median of the ratios turn by turn; None if no turn has both.

    A disturbance of the machine affects both sides of a turn alike, so this is more exact than a
    ratio of medians.
    """
    mine, other = _by_turn(measurements, ours), _by_turn(measurements, theirs)
    ratios = [mine[turn] / other[turn] for turn in mine.keys() & other.keys() if other[turn]]
    return median(ratios) if ratios else None


def detail(measurements: Sequence[Measurement], server: str, job: str, name: str) -> float | None:
    """Return the median of a further figure; None if it was not measured."""
    found = [
        each.details[name]
        for each in measurements
        if each.server == server and each.job == job and name in each.details
    ]
    return median(found) if found else None


def shares(
    measurements: Sequence[Measurement], server: str, job: str
) -> tuple[float, float, float]:
    """Return the median shares of a core that a measured server, its store and the load used."""
    found = [each for each in measurements if each.server == server and each.job == job]
    return (
        median(each.busy for each in found),
        median(each.store_busy for each in found),
        median(each.load_busy for each in found),
    )


def _by_turn(measurements: Sequence[Measurement], side: Side) -> dict[int, float]:
    return {each.turn: each.value for each in measurements if (each.server, each.job) == side}

"""Tests of medians and ratios."""

import pytest

from benchmarks.compare import ratio, shares, value
from benchmarks.job import FULL, QUICK, Sizes
from benchmarks.jobs import all_jobs
from benchmarks.measure import Measurement
from benchmarks.servers import SERVERS
from benchmarks.tables import targets_table
from benchmarks.targets import NONE, SAME, Target, needed, targets


def measured(server: str, turn: int, rate: float, job: str = "update_hot") -> Measurement:
    """Return a possible result of a run."""
    return Measurement(job, server, turn, rate, 0.9, 0.5, {"p99_us": 10.0 * rate}, 0.2)


def test_value_is_the_median_of_the_turns() -> None:
    """One disturbed turn does not change the figure."""
    runs = [measured("front", turn, rate) for turn, rate in ((1, 100.0), (2, 5.0), (3, 110.0))]

    assert value(runs, "front", "update_hot") == 100.0
    assert value(runs, "grpcio", "update_hot") is None
    assert shares(runs, "front", "update_hot") == (0.9, 0.5, 0.2)


def test_ratio_pairs_the_turns() -> None:
    """A ratio compares runs of the same turn, and ignores turns of one side only."""
    ours = [measured("front", turn, rate) for turn, rate in ((1, 20.0), (2, 4.0), (3, 30.0))]
    theirs = [measured("seed_go", turn, rate) for turn, rate in ((1, 10.0), (2, 2.0))]

    assert ratio(ours + theirs, ("front", "update_hot"), ("seed_go", "update_hot")) == 2.0


def test_ratio_needs_both_sides() -> None:
    """If a side was not measured, there is no ratio."""
    runs = [measured("front", 1, 20.0)]

    assert ratio(runs, ("front", "update_hot"), ("seed_go", "update_hot")) is None


@pytest.mark.parametrize(
    ("at_most", "reached", "met"),
    [(False, 2.5, True), (False, 2.4, False), (True, 1.2, True), (True, 3.0, False)],
)
def test_bounds_hold_in_their_direction(*, at_most: bool, reached: float, met: bool) -> None:
    """More is better for rates and less for latencies."""
    bound = 1.2 if at_most else 2.5
    sides = ("front", "update_hot", "seed_go", "update_hot")
    must = Target("a job", *sides, bound, at_most=at_most)
    aimed = Target("a job", *sides, None, bound, at_most=at_most)

    assert must.met_by(reached) is met
    assert aimed.aim_met_by(reached) is met


def test_a_listener_can_be_compared_with_itself() -> None:
    """The ratio of two jobs of one listener shows the growth of cost."""
    target = Target("growth", "grpcio", "update_9", SAME, "update_1", 0.7)
    runs = [measured("grpcio", 1, 8.0, "update_9"), measured("grpcio", 1, 10.0, "update_1")]

    assert target.ratio(runs) == 0.8


@pytest.mark.parametrize("sizes", [FULL, QUICK])
def test_every_target_is_measured(sizes: Sizes) -> None:
    """Each target names existing jobs, and servers that run them."""
    servers = {job.name: job.servers for job in all_jobs(sizes)}

    for target in targets(sizes):
        peer = target.listener if target.peer == SAME else target.peer
        assert target.listener in servers[target.job]
        assert target.peer == NONE or peer in servers[target.peer_job]


@pytest.mark.parametrize("sizes", [FULL, QUICK])
def test_jobs_are_valid(sizes: Sizes) -> None:
    """Each job has a unique name and existing servers."""
    jobs = all_jobs(sizes)

    assert len({job.name for job in jobs}) == len(jobs)
    assert {server for job in jobs for server in job.servers} <= {*SERVERS, "store"}


@pytest.mark.parametrize(
    ("front", "verdict"), [(12.0, "1.20 | **no**"), (13.0, "1.30 | yes"), (16.0, "1.60 | yes, the")]
)
def test_the_table_shows_bound_aim_and_ratio(front: float, verdict: str) -> None:
    """A row says whether its bound and its aim are reached."""
    runs = [measured("front", 1, front), measured("seed_go", 1, 10.0)]

    rows = targets_table(targets(QUICK), runs).splitlines()

    assert any(f"| at least 1.3 | at least 1.6 | {verdict}" in row for row in rows)
    assert any("not measured" in row for row in rows)


def test_ratios_without_a_bound_are_shown() -> None:
    """The peer with the same promises is compared without a bound to reach."""
    runs = [measured("front", 1, 25.0), measured("go_scripts", 1, 10.0)]

    rows = targets_table(targets(QUICK), runs).splitlines()

    assert any("| Go with the same promises |  | at least 1 | 2.50 | measured: " in r for r in rows)


def test_a_short_run_measures_what_the_ratios_need() -> None:
    """Each ratio keeps both of its sides, and servers that no ratio names are left out."""
    chosen = targets(QUICK)

    pairs = {
        (job.name, server) for job in needed(all_jobs(QUICK), chosen) for server in job.servers
    }

    for target in chosen:
        assert (target.job, target.listener) in pairs
        assert target.peer in (SAME, NONE) or (target.peer_job, target.peer) in pairs
    assert ("update_hot_one", "plain_python") not in pairs
    assert "top100_idle" not in {job for job, _ in pairs}

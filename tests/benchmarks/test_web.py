"""Watchers over WebSockets: the checks of the load, and short forms of the benchmark."""

import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.build import build_load
from benchmarks.paths import HERE
from benchmarks.web.figures import Figures
from benchmarks.web.measure import measure
from benchmarks.web.plan import Plan

pytestmark = [
    pytest.mark.skipif(not shutil.which("go"), reason="the load is written in Go"),
    pytest.mark.web,
]


def assert_complete(figures: Figures) -> None:
    """Check what has to hold on any machine."""
    assert not figures.broken, str(figures)
    assert figures.snapshots["INITIAL"] == figures.plan.watchers


def test_the_load_finds_faults() -> None:
    """Gaps, wrong rows and snapshots without a reason are found by the checks of the load."""
    subprocess.run(["go", "test", "."], cwd=HERE / "load", check=True)


async def test_each_of_many_watchers_has_every_position(tmp_path: Path) -> None:
    """Each board is that of its position, also with readers that pause."""
    build_load()

    plan = Plan(100, 5.0, 0.5, paused=5, rate=100, interval_ms=20, pinned=False)
    assert_complete(await measure(tmp_path, plan))


@pytest.mark.slow
async def test_two_thousand_watchers_share_one_watch(tmp_path: Path) -> None:
    """Each of them has every position; `make bench-web` measures how long messages take."""
    build_load()

    assert_complete(await measure(tmp_path, Plan(2_000, 20.0, paused=20)))


@pytest.mark.slow
async def test_watchers_that_read_nothing_are_cut_off(tmp_path: Path) -> None:
    """Their memory is bounded, and all others are served meanwhile."""
    build_load()

    assert_complete(await measure(tmp_path, Plan(200, 60.0, stuck=100)))

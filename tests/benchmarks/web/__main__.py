"""The command line of the benchmark of watchers: `PYTHONPATH=tests python -m benchmarks.web`."""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import typer

from benchmarks.build import build_load
from benchmarks.load import LoadError
from benchmarks.machine import disturbance
from benchmarks.web.figures import Figures, figures_table
from benchmarks.web.measure import measure
from benchmarks.web.plan import LIMIT, Plan

_FIRST = Plan(2_000, seconds=60.0, paused=20, stuck=100)
_SEARCHED = (4_000, 8_000, 12_000, 16_000, 18_000)
"""Numbers of watchers, below the limit of open files that systems have by default."""
_STEP = 1_000
_SEARCH_S = 15.0


def _measured(plan: Plan) -> Figures | None:
    """Measure, and print a line; None if a watcher was lost."""
    with tempfile.TemporaryDirectory(prefix="leaderboard-bench-") as folder:
        try:
            figures = asyncio.run(measure(Path(folder), plan))
        except (LoadError, TimeoutError) as error:
            typer.echo(f"{plan.watchers:,} watchers: {error}")
            return None
    for problem in figures.broken:
        typer.echo(f"{plan.watchers:,} watchers: {problem}")
    return figures


def _carried(figures: Figures | None) -> bool:
    return figures is not None and figures.in_time and not figures.broken


def _until_late(numbers: Iterable[int]) -> list[Figures]:
    """Measure more and more watchers until not all are served in time."""
    measured = []
    for watchers in numbers:
        figures = _measured(Plan(watchers, _SEARCH_S))
        if figures:
            measured.append(figures)
        if not _carried(figures):
            break
    return measured


def _most(measured: Iterable[Figures]) -> int:
    """Return the most watchers that were served in time."""
    return max((each.plan.watchers for each in measured if _carried(each)), default=0)


def _search() -> list[Figures]:
    """Measure in large steps, then in small ones from the most that were served in time."""
    measured = _until_late(_SEARCHED)
    most = _most(measured) or _FIRST.watchers
    above = min((watchers for watchers in _SEARCHED if watchers > most), default=most)
    return measured + _until_late(range(most + _STEP, above, _STEP))


def main() -> None:
    """Measure 2,000 watchers for a minute, then search for the most that one core carries."""
    typer.echo(disturbance())
    try:
        build_load()
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
    first = _measured(_FIRST)
    measured = [first] if first else []
    if _carried(first):
        measured += _search()
    measured.sort(key=lambda each: each.plan.watchers)
    typer.echo(f"\n{figures_table(measured)}\n")
    typer.echo(
        f"{_FIRST.rate} changes per second of the first {LIMIT} rows; "
        f"a message in {_FIRST.interval_ms} ms"
    )
    if first:
        typer.echo(
            f"{_FIRST.paused} watchers that read slowly: {first.paused_snapshots}; "
            f"{first.stuck_cut} of {_FIRST.stuck} that read nothing were cut off, "
            f"and took at most {first.stuck_kib:.0f} KiB each"
        )
    typer.echo(f"one core carries {_most(measured):,} watchers")
    sys.exit(0 if _carried(first) else 1)


if __name__ == "__main__":
    main()

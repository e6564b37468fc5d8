"""The command line: `PYTHONPATH=tests python -m benchmarks.scale [--users N]`."""

import asyncio
import logging
import tempfile
from pathlib import Path
from typing import Annotated

import structlog
import typer

from benchmarks.machine import describe_store_run, disturbance
from benchmarks.paths import BUILD
from benchmarks.scale import callers, followers, many_contests, one_contest
from benchmarks.scale.page import callers_table, contest_table, followers_table, shards_table
from benchmarks.tables import table
from harness.stores import Flavour

FOLLOWERS = (0, 1, 10, 50)


def main(users: Annotated[int, typer.Option(min=10_000)] = 10_000_000) -> None:
    """Measure, and print the tables."""
    if disturbed := disturbance():
        typer.echo(disturbed)
    warnings = structlog.make_filtering_bound_logger(logging.WARNING)
    structlog.configure(wrapper_class=warnings)
    BUILD.mkdir(parents=True, exist_ok=True)
    flavours = [flavour for flavour in Flavour if flavour.executable()]
    plan = one_contest.Plan(users)
    contests = {}
    for flavour in flavours:
        with _folder() as folder:
            contests[flavour.value] = one_contest.measure(Path(folder), flavour, plan, typer.echo)
    with _folder() as folder:
        spread = many_contests.Plan()
        results = asyncio.run(
            many_contests.measure(Path(folder), Flavour.VALKEY, spread, typer.echo)
        )
    typer.echo("commit to a contest that servers follow")
    with _folder() as folder:
        costs = followers.measure(Path(folder), FOLLOWERS, seconds=2.0)
    typer.echo("call of a script")
    with _folder() as folder:
        calls = asyncio.run(callers.measure(Path(folder), callers.Plan()))
    typer.echo(f"\n{contest_table(users, contests)}\n\n{shards_table(results)}\n")
    typer.echo(f"{followers_table(costs)}\n\n{callers_table(calls)}\n")
    typer.echo(table(("", ""), list(describe_store_run().items())))


def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder on a disk, which snapshots are written to, that is removed at the end."""
    return tempfile.TemporaryDirectory(prefix="scale-", dir=BUILD)


if __name__ == "__main__":
    typer.run(main)

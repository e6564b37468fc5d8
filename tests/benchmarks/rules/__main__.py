"""The command line of the benchmark of rules: `PYTHONPATH=tests python -m benchmarks.rules`."""

import asyncio
import sys
import tempfile
from pathlib import Path

import typer

from benchmarks.machine import describe_store_run, disturbance
from benchmarks.paths import RULES_PAGE
from benchmarks.rules.calls import WrongResult
from benchmarks.rules.memory import Cost, costs
from benchmarks.rules.outcome import Outcome
from benchmarks.rules.page import memory_table, time_table, write_page
from benchmarks.rules.run import Plan, measure, opened
from benchmarks.store import RunningStore, running_store
from benchmarks.store_alone import on_server_core


async def _measure(running: RunningStore, plan: Plan) -> tuple[Outcome, list[Cost]]:
    outcome = await measure(running, plan, typer.echo)
    async with opened(running) as store:
        return outcome, await costs(running, store, outcome)


def main() -> None:
    """Measure, print the tables, and write the page."""
    plan = Plan()
    if disturbed := disturbance():
        typer.echo(disturbed)
    with (
        tempfile.TemporaryDirectory(prefix="leaderboard-bench-") as folder,
        running_store(Path(folder)) as running,
        on_server_core(),
    ):
        try:
            outcome, taken = asyncio.run(_measure(running, plan))
        except WrongResult as wrong:
            sys.exit(f"the run is void: {wrong}")
        facts = {**describe_store_run(), "settings of the store": running.facts()}
    typer.echo(f"\n{time_table(outcome)}\n\n{memory_table(taken)}\n")
    write_page(RULES_PAGE, outcome, taken, plan.rounds, facts)
    typer.echo(f"written: {RULES_PAGE}")


if __name__ == "__main__":
    main()

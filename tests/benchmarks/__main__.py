"""The command line of the benchmark: `PYTHONPATH=tests python -m benchmarks`."""

import json
import shlex
import sys
import time
from dataclasses import asdict
from subprocess import CalledProcessError
from typing import Annotated

import typer

from benchmarks.build import build
from benchmarks.campaign import STORE, Outcome, Plan, run
from benchmarks.job import FULL, QUICK, Job, Sizes
from benchmarks.jobs import all_jobs
from benchmarks.machine import describe, disturbance
from benchmarks.page import write_page
from benchmarks.paths import BUILD, PAGE, PLOTS
from benchmarks.servers import SERVERS
from benchmarks.tables import jobs_table, targets_table
from benchmarks.targets import needed, targets

_QUICK_SECONDS, _QUICK_TURNS = 1.5, 1
_SECONDS, _TURNS = 3.0, 3


def main(
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Only what the ratios need, on small boards, once.")
    ] = False,
    jobs: Annotated[str, typer.Option(help="Only jobs with these parts in their names.")] = "",
    servers: Annotated[str, typer.Option(help="Only these servers, with commas.")] = "",
    seconds: Annotated[float, typer.Option(help="The duration of each run in seconds.")] = 0.0,
    rounds: Annotated[int, typer.Option(help="The number of turns of each server.")] = 0,
    append_only: Annotated[
        bool, typer.Option("--append-only", help="Have the store keep an append-only file.")
    ] = False,
) -> None:
    """Measure the service beside its peers; a whole run writes docs/benchmarks.md."""
    sizes = QUICK if quick else FULL
    plan = Plan(
        _chosen_jobs(sizes, jobs, quick=quick),
        _chosen_servers(servers),
        seconds or (_QUICK_SECONDS if quick else _SECONDS),
        rounds or (_QUICK_TURNS if quick else _TURNS),
        append_only,
    )
    started, disturbed = time.monotonic(), disturbance()
    try:
        build()
        typer.echo(disturbed, nl=bool(disturbed))
        outcome = run(plan, typer.echo)
    except (RuntimeError, CalledProcessError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    machine = describe()
    _write_json(outcome, machine, quick=quick)
    typer.echo("\n" + jobs_table(plan.jobs, outcome.measurements))
    typer.echo("\n" + targets_table(targets(sizes), outcome.measurements))
    typer.echo(f"\n{time.monotonic() - started:.0f} s in all")
    if outcome.failures:
        typer.echo("\nthe run is void:\n" + "\n".join(outcome.failures), err=True)
        raise typer.Exit(1)
    if not (quick or jobs or servers):
        command = shlex.join(["PYTHONPATH=tests", "python", "-m", "benchmarks", *sys.argv[1:]])
        write_page(PAGE, PLOTS, plan, sizes, outcome, machine, command)
        typer.echo(f"written: {PAGE}")


def _chosen_jobs(sizes: Sizes, names: str, *, quick: bool) -> list[Job]:
    found = all_jobs(sizes)
    if quick:
        found = needed(found, targets(sizes))
    if names:
        found = [job for job in found if any(part in job.name for part in names.split(","))]
    if not found:
        every = ", ".join(job.name for job in all_jobs(sizes))
        raise typer.BadParameter(f"no such job; there are {every}", param_hint="--jobs")
    return found


def _chosen_servers(names: str) -> list[str]:
    every = [*SERVERS, STORE]
    chosen = names.split(",") if names else every
    if unknown := set(chosen) - set(every):
        raise typer.BadParameter(f"no {unknown}; there are {every}", param_hint="--servers")
    present = []
    for name in chosen:
        if name in SERVERS and SERVERS[name].missing:
            typer.echo(SERVERS[name].missing)
        else:
            present.append(name)
    return present


def _write_json(outcome: Outcome, machine: dict[str, str], *, quick: bool) -> None:
    file = BUILD / ("quick.json" if quick else "results.json")
    file.write_text(
        json.dumps({"machine": machine, **asdict(outcome)}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    typer.run(main)

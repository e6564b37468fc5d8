"""Writes `docs/benchmarks.md` from the results of a whole run."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.campaign import Outcome, Plan
from benchmarks.jobs import Sizes
from benchmarks.plots import draw_growth, draw_ratios
from benchmarks.tables import jobs_table, memory_table, targets_table
from benchmarks.targets import targets

_HOW = """\
# Benchmarks

Made by `make bench`; don't edit by hand. `make bench-quick` gives the table of ratios in under
three minutes, from smaller boards and short runs.

## How it is measured

- Each server runs alone on core 0. The store and the load have the other cores, and all servers of
  a job write to the same store over the same unix socket. The table tells how much of its core a
  server used: one that is far from 100 % was held up by the store or the load, not by itself.
- The servers take turns (A B A B). A figure is the median of the turns; a ratio is the median of
  the ratios turn by turn.
- Every answer is checked, and a call that fails ends the run. After each job that writes, the sum
  of all scores in the store must have grown by exactly the points that were acknowledged. Reads of
  a board beside updates must hold every update that was acknowledged before they began; the
  updates are all of the first ten rows.
- Calls: in a closed loop, 4 connections with 64 calls in flight each where writes and ranks are
  measured, and with 16 in the jobs that say 64 in flight, in the mix and for boards; batches: 2
  with 2 each. The job at a fixed rate is an open loop: latency counts from when a call should have
  been sent, and a call that fails counts as a minute.
- Overload: first 64 connections with 8 calls each find out what the server does at most, then three
  times that rate is offered, by a load that gives way to the store on the core they share.
- Fan-out: an update is sent when the one before has reached every watcher, so that no server can
  merge updates and none falls so far behind as to cut watchers off. The watchers have the default
  scope, TOP.
- `tests/benchmarks/load` puts the load on. It writes HTTP/2 frames itself, because it shares its
  core with the store. h2load sends the same bytes over and over and checks nothing, so it is used
  only where that is all there is to do: idle boards and empty calls.

What the service is compared with:

- **Go** (`peers/seed_go`): grpc-go and go-redis with GOMAXPROCS=1. An update is ZINCRBY, then
  PUBLISH, and its answer has no rank, which saves it a round trip; a board is ZREVRANGE behind a
  cache that its own writes empty; a rank is ZREVRANK, ZSCORE and ZCARD in one pipeline; a hub has a
  buffer for each watcher. A repeated call counts twice and ties go by the bytes of the id.
- **plain Python** (`peers/plain_python.py`): the same on grpc.aio and redis-py, without a cache.
- **bare grpcio** (`peers/bare_grpcio.py`): answers and writes fixed bytes, on uvloop.
- **the store alone**: the service's commit script without a server, on a core of the store's own.
"""


def write_page(
    page: Path,
    plots: Path,
    plan: Plan,
    sizes: Sizes,
    outcome: Outcome,
    machine: Mapping[str, str],
    command: str,
) -> None:
    """Write the page and its plots."""
    plots.mkdir(parents=True, exist_ok=True)
    aims = targets(sizes)
    measured = outcome.measurements
    ratios = draw_ratios(aims, measured, plots / "ratios.svg")
    growth = draw_growth(sizes, measured, plots / "growth.svg")
    parts = [
        _HOW,
        "## Where and when",
        _machine(machine, plan, command),
        "## Ratios",
        targets_table(aims, measured),
        "What holds back the rows that fall short: [decision 14](decisions/0014-speed.md).",
        _image("ratios", "Reached ratios as shares of the aims", drawn=ratios),
        "## All jobs",
        jobs_table(plan.jobs, measured),
        "## How cost grows",
        _image("growth", "Calls a second over the size of the board", drawn=growth),
        "## Memory of the store for each million users",
        memory_table(outcome.store_bytes),
    ]
    page.write_text(
        "\n\n".join(part.strip("\n") for part in parts if part) + "\n", encoding="utf-8"
    )


def _image(name: str, text: str, *, drawn: bool) -> str:
    return f"![{text}](benchmarks/{name}.svg)" if drawn else ""


def _machine(machine: Mapping[str, str], plan: Plan, command: str) -> str:
    file = "on, synced once a second" if plan.append_only else "off"
    runs = f"{plan.turns} turns of {plan.seconds:g} s"
    facts = {**machine, "runs": runs, "append-only file": file, "command": f"`{command}`"}
    rows: Sequence[str] = [f"| {name} | {text} |" for name, text in facts.items()]
    return "\n".join(["| | |", "| --- | --- |", *rows])

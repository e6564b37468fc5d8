"""Runs one job against one server once."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.job import Job, Tool
from benchmarks.ledger import Ledger
from benchmarks.load import LoadError, run_h2load, run_load
from benchmarks.paths import LOAD, other_cores, pinned
from benchmarks.servers import RunningServer, Server, running_server
from benchmarks.store import RunningStore
from benchmarks.store_alone import measure_store

KIB = 1024

OVERLOADED = 3
"""The factor between the peak rate of a server and the offered rate of an overload."""
PEAK = ("-streams", "8")
"""Calls in flight on each connection in the search for the peak, below all limits."""
_ONE_STREAM = ("-mode", "stream", "-watchers", "1", "-connections", "1")


@dataclass(frozen=True)
class Measurement:
    """The result of one run of a job."""

    job: str
    server: str
    turn: int
    """The turn of the job, from 1. Runs of the same turn are compared with each other."""
    value: float
    busy: float
    """The share of its core that the server used, from 0 to 1. A server far below 1 was not the
    limit of the job."""
    store_busy: float
    """The share of a core that the store used."""
    details: dict[str, float]
    load_busy: float = 0.0
    """The share of a core that the load used, which has the cores of the store."""


def measure(
    job: Job, server: Server, store: RunningStore, ledger: Ledger, turn: int, seconds: float
) -> Measurement:
    """Start a server, run a job against it, stop it, and check the ledger.

    Raises:
        LoadError: The load or a call failed.

        LedgerError: What was acknowledged is not what was written.

        RuntimeError: The server does not start, or ended.
    """
    log = store.socket.with_name(f"{job.name}-{server.name}-{turn}.log")
    with running_server(server, store.socket, log) as running:
        began, used, store_used = time.monotonic(), running.cpu_s(), store.cpu_s()
        load_used = _ended_programs_s()
        printed = _put_load_on(job, running, seconds)
        took = time.monotonic() - began
        busy = (running.cpu_s() - used) / took
        store_busy = (store.cpu_s() - store_used) / took
        load_busy = (_ended_programs_s() - load_used) / took
    if job.writes:
        acknowledged = int(printed["acknowledged"])
        ledger.settle(
            int(printed.get("points", acknowledged)),
            uncertain=printed["uncertain"],
            request_ids=acknowledged if job.request_ids else 0,
        )
    value, details = _figures(job, printed)
    return Measurement(job.name, server.name, turn, value, busy, store_busy, details, load_busy)


def _ended_programs_s() -> float:
    """Return the CPU time of all child processes that have ended, in seconds."""
    times = os.times()
    return times.children_user + times.children_system


def measure_ceiling(
    job: Job, store: RunningStore, ledger: Ledger, turn: int, seconds: float
) -> Measurement:
    """Run the service's script on the store alone, and check the ledger.

    Raises:
        LoadError: The store refused a commit.

        LedgerError: What was acknowledged is not what was written.
    """
    printed = measure_store(store, job.dataset.users, int(job.arguments[0]), seconds)
    ledger.settle(int(printed["acknowledged"]))
    return Measurement(job.name, "store", turn, printed["rate"], 0.0, printed["busy"], {})


def figure(printed: dict[str, Any], path: str) -> float:
    """Return the figure of a result at a path of names with dots.

    Raises:
        LoadError: The result has no such figure.
    """
    found: Any = printed
    for name in path.split("."):
        if not isinstance(found, dict) or name not in found:
            raise LoadError(f"the load printed no {path}")
        found = found[name]
    return float(found)


def _figures(job: Job, printed: dict[str, Any]) -> tuple[float, dict[str, float]]:
    details = {path.rpartition(".")[2]: figure(printed, path) for path in job.details}
    return figure(printed, job.figure), details


def _put_load_on(job: Job, running: RunningServer, seconds: float) -> dict[str, Any]:
    if job.tool is Tool.H2LOAD:
        return run_h2load(running.address, int(job.arguments[0]), seconds)
    if job.tool is Tool.OVERLOAD:
        return _overload(running, job, seconds)
    if job.tool is Tool.HOLD:
        return {"kib": _held_memory(running, job) / KIB}
    try:
        return run_load(running.address, job.load_arguments, seconds, may_fail=job.may_fail)
    except LoadError as error:
        raise LoadError(f"{error}{running.log_tail()}") from error


def _overload(running: RunningServer, job: Job, seconds: float) -> dict[str, Any]:
    """Measure the peak rate of the server, and the rate of successes at three times that load."""
    peak = _give_way(running, (*job.load_arguments, *PEAK), seconds)
    peak_rate = peak["kinds"]["update"]["rate"]
    offered = ("-rate", str(OVERLOADED * peak_rate))
    over = _give_way(running, (*job.load_arguments, *offered), seconds)
    good = over["kinds"]["update"]["rate"]
    return {
        "goodput_percent": 100 * good / peak_rate,
        "peak_rate": peak_rate,
        "offered_rate": over["total_rate"],
        "good_rate": good,
        "acknowledged": peak["acknowledged"] + over["acknowledged"],
        "uncertain": peak["uncertain"] + over["uncertain"],
    }


def _give_way(running: RunningServer, arguments: Sequence[str], seconds: float) -> dict[str, Any]:
    return run_load(running.address, arguments, seconds, may_fail=True, gives_way=True)


def _held_memory(running: RunningServer, job: Job) -> int:
    """Return the memory of the server for the watchers of the job, in bytes."""
    # memory of the first call does not belong to the watchers
    run_load(running.address, (*job.load_arguments, *_ONE_STREAM), 0.1)
    before = running.memory()
    command = [str(LOAD), "-address", running.address, *job.load_arguments]
    with subprocess.Popen(
        pinned(other_cores(), command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as holding:
        assert holding.stdout, "its output was asked for"
        line = holding.stdout.readline()
        taken = running.memory() - before
        _, problem = holding.communicate()
    if holding.returncode or not line or not json.loads(line).get("held"):
        raise LoadError(f"the watchers: {problem.strip()}")
    return taken

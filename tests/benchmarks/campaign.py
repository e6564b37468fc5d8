"""Runs jobs against servers in turn (A B A B), so that a disturbance affects all servers."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from benchmarks.job import Job
from benchmarks.layouts import Layout
from benchmarks.ledger import Ledger, LedgerError
from benchmarks.load import LoadError
from benchmarks.machine import disk
from benchmarks.measure import Measurement, measure, measure_ceiling
from benchmarks.paths import BUILD
from benchmarks.seeding import Dataset, seed
from benchmarks.servers import SERVERS
from benchmarks.store import AppendOnlyFile, RunningStore, running_store

STORE = "store"
"""The name under which the store alone is measured."""


@dataclass(frozen=True)
class Plan:
    """The jobs, servers and turns of a campaign."""

    jobs: Sequence[Job]
    servers: Sequence[str]
    seconds: float
    """The counted duration of each run."""
    turns: int
    append_only: bool
    """True if the store of all jobs keeps an append-only file, synced once a second. Jobs in which
    every write is synced have a store of their own."""


@dataclass
class Outcome:
    """The result of a campaign."""

    measurements: list[Measurement] = field(default_factory=list)
    stores: dict[str, str] = field(default_factory=dict)
    """How the stores keep writes."""
    store_bytes: dict[str, dict[str, float]] = field(default_factory=dict)
    """Bytes of the store for each user, by the size of the board and the layout."""
    failures: list[str] = field(default_factory=list)
    """Failed runs with their reasons. A campaign with failures must not be published."""


def run(plan: Plan, report: Callable[[str], None]) -> Outcome:
    """Run a campaign.

    Args:
        plan: The jobs and servers.

        report: Called with a line about each step.

    Raises:
        RuntimeError: The store doesn't start, or its file would not be on a disk.
    """
    outcome = Outcome()
    for (dataset, synced), jobs in groupby(
        plan.jobs, lambda job: (job.dataset, job.every_write_synced)
    ):
        sync = "always" if synced else "everysec" if plan.append_only else ""
        with _store(sync) as store:
            name = "jobs with every write synced" if synced else "all other jobs"
            outcome.stores[name] = store.facts() + (f", on {disk(BUILD)}" if sync else "")
            report(f"seeding {dataset.contests:,} x {dataset.users:,} users")
            boards = _Boards(store, dataset, plan, outcome)
            for job in jobs:
                boards.run(job, report)
    return outcome


@contextlib.contextmanager
def _store(sync: str) -> Iterator[RunningStore]:
    """Run a store, whose append-only file is synced when `sync` says; empty for no file."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="leaderboard-bench-") as folder,
        # not with the socket, since a folder of temporary files may be in memory
        tempfile.TemporaryDirectory(prefix="store-", dir=BUILD) as data,
        running_store(Path(folder), AppendOnlyFile(Path(data), sync) if sync else None) as store,
    ):
        yield store


class _Boards:
    """Boards of one size in the store, and the runs of jobs on them."""

    def __init__(self, store: RunningStore, dataset: Dataset, plan: Plan, outcome: Outcome) -> None:
        self._store = store
        self._plan = plan
        self._outcome = outcome
        users = dataset.contests * dataset.users
        outcome.store_bytes[f"{dataset.contests:,} x {dataset.users:,}"] = {
            layout.value: taken / users for layout, taken in seed(store, dataset).items()
        }
        self._ledgers = {layout: Ledger(store, layout, dataset) for layout in Layout}

    def run(self, job: Job, report: Callable[[str], None]) -> None:
        """Run a job, every server once in each turn."""
        for turn in range(1, self._plan.turns + 1):
            for server in (name for name in job.servers if name in self._plan.servers):
                report(f"{job.name} {server} {turn}: {self._try(job, server, turn)}")

    def _try(self, job: Job, server: str, turn: int) -> str:
        try:
            got = self._measure(job, server, turn)
        except (LoadError, LedgerError, RuntimeError) as error:
            # the other runs may have taken an hour, so their results are kept
            self._outcome.failures.append(f"{job.name} {server} {turn}: {error}")
            for ledger in self._ledgers.values():
                ledger.reset()
            return f"FAILED: {error}"
        self._outcome.measurements.append(got)
        beside = f"store {got.store_busy:.0%}, load {got.load_busy:.0%}"
        shares = f"server {got.busy:.0%}, {beside} of a core"
        return f"{got.value:,.0f} {job.unit} ({shares})"

    def _measure(self, job: Job, name: str, turn: int) -> Measurement:
        seconds = self._plan.seconds
        if name == STORE:
            ledger = self._ledgers[Layout.SERVICE]
            return measure_ceiling(job, self._store, ledger, turn, seconds)
        server = SERVERS[name]
        ledger = self._ledgers[server.layout]
        return measure(job, server, self._store, ledger, turn, seconds)

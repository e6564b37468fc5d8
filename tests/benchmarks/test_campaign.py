"""Tests of a campaign."""

import re
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from benchmarks import campaign
from benchmarks.campaign import Plan, run
from benchmarks.job import QUICK, Job, Sizes
from benchmarks.jobs import all_jobs
from benchmarks.ledger import Ledger, LedgerError
from benchmarks.load import LoadError
from benchmarks.machine import disk, store_version
from benchmarks.measure import Measurement
from benchmarks.servers import Server
from benchmarks.store import RunningStore


def test_a_failure_is_kept_and_the_rest_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed run has no figure and is reported; the other runs are kept."""

    def measure(
        job: object, server: object, store: object, ledger: Ledger, turn: int, seconds: float
    ) -> Measurement:
        if turn == 1:
            raise LoadError("calls failed")
        if turn == 2:
            raise LedgerError("not written")
        return Measurement("update_many", "seed_go", turn, 7.0, 1.0, 0.5, {})

    monkeypatch.setattr(campaign, "measure", measure)
    jobs = [job for job in all_jobs(QUICK) if job.name == "update_many"]
    lines: list[str] = []

    outcome = run(Plan(jobs, ["seed_go"], 0.1, 3, append_only=False), lines.append)

    assert outcome.failures == [
        "update_many seed_go 1: calls failed",
        "update_many seed_go 2: not written",
    ]
    assert [each.value for each in outcome.measurements] == [7.0]
    assert sum("FAILED" in line for line in lines) == 2


def test_jobs_with_synced_writes_have_a_store_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their store syncs every write, and the outcome says how each store keeps writes."""
    durability: dict[str, str] = {}

    def measure(
        job: Job, server: Server, store: RunningStore, ledger: Ledger, turn: int, seconds: float
    ) -> Measurement:
        durability[job.name] = store.facts().partition(", ")[2]
        return Measurement(job.name, server.name, turn, 7.0, 1.0, 0.5, {})

    monkeypatch.setattr(campaign, "measure", measure)
    sizes = Sizes({"small": 5, "hot": 20, "big": 30}, 2, 5, (10,))
    jobs = [job for job in all_jobs(sizes) if job.name in ("update_hot", "update_hot_synced")]

    lines: list[str] = []
    outcome = run(Plan(jobs, ["seed_go"], 0.1, 1, append_only=False), lines.append)

    synced = "append-only file with `appendfsync always`"
    assert durability == {"update_hot": "no append-only file", "update_hot_synced": synced}
    assert outcome.stores["all other jobs"].endswith(", no append-only file")
    assert f", {synced}, on " in outcome.stores["jobs with every write synced"]


def test_a_disk_in_memory_is_rejected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Synced writes are only measured on a disk."""
    mounted = [SimpleNamespace(mountpoint="/", fstype="tmpfs")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounted)

    with pytest.raises(RuntimeError, match="is in memory"):
        disk(tmp_path)


def test_the_version_of_the_store_names_no_allocator() -> None:
    """The one of the build may not be the one in use, which the results name beside it."""
    assert re.fullmatch(r"Valkey server v=[\d.]+", store_version())

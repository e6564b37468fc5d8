"""The fleet of a supervisor: the counts of its workers, and whether they serve and live."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from harness.waiting import eventually
from leaderboard_server.workers import fleet as fleets
from leaderboard_server.workers.fleet import Fleet
from leaderboard_server.workers.worker import Worker

_COUNTER, _GAUGE = "leaderboard_store_resends_total", "leaderboard_top_windows"

_WORKER = f"""
import json, os, signal, sys

reports = 0

def report():
    global reports
    reports += 1
    samples = [["{_COUNTER}", [], reports], ["{_GAUGE}", [], 3], ["leaderboard_workers", [], 1]]
    line = json.dumps({{"unready": sys.argv[1], "samples": samples}})
    os.write(1, line.encode() + b"\\n")  # print() fails in a signal handler that interrupts it

def stop(*_):
    report()
    sys.exit()

signal.signal(signal.SIGTERM, stop)
if sys.argv[1] != "starting":
    report()
for _ in sys.stdin:
    report()
"""
"""A worker that counts its reports, the one at its start and the one at its end included."""


class _Service:
    """A fleet of such workers."""

    def __init__(self, stack: contextlib.AsyncExitStack) -> None:
        self.fleet = Fleet("grpcio", 2)
        self._stack = stack

    async def start(self, unready: str = "") -> Worker:
        """Start a worker, and wait until it has reported; one that is "starting" does not."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-S", "-E", "-c", _WORKER, unready),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        worker = Worker(process)
        self._stack.push_async_callback(_kill, worker)
        self.fleet.add(worker)
        if unready != "starting":
            assert await worker.reports.first()
        return worker

    def values(self) -> dict[str, float]:
        """Return the metrics without labels, by the latest reports."""
        return {
            sample.name: sample.value
            for family in self.fleet.collect()
            for sample in family.samples
            if not sample.labels
        }

    def counts(self) -> tuple[float | None, float | None]:
        """Return the sums of the counter and of the gauge; None if they are not there."""
        values = self.values()
        return values.get(_COUNTER), values.get(_GAUGE)


async def _kill(worker: Worker) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker.pid, signal.SIGKILL)
    await worker.ended()


@pytest.fixture(name="quick")
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no report for long."""
    for name in ("REPORT_TIMEOUT_S", "UNREADY_AFTER_S", "DEAD_AFTER_S"):
        monkeypatch.setattr(fleets, name, 0.05)


@contextlib.asynccontextmanager
async def _serving() -> AsyncIterator[_Service]:
    async with contextlib.AsyncExitStack() as stack:
        yield _Service(stack)


async def test_each_scrape_is_up_to_date() -> None:
    """All workers are asked before a scrape, and their counts are added up."""
    async with _serving() as service:
        assert service.counts() == (None, None)
        await service.start()
        await service.start()
        for scrape in range(1, 4):
            assert await service.fleet.up_to_date() is service.fleet
            assert service.counts() == (2 * (1 + scrape), 6)
        values = service.values()
        assert values["leaderboard_workers"] == values["leaderboard_worker_starts_total"] == 2
        assert values["process_cpu_seconds_total"] > 0


@pytest.mark.usefixtures("quick")
async def test_worker_that_hangs_counts_with_its_latest_report() -> None:
    """It delays a scrape for a while only, is not among those that serve, and comes back."""
    async with _serving() as service:
        hung, other = await service.start(), await service.start()
        os.kill(hung.pid, signal.SIGSTOP)

        async def dead() -> bool:
            await service.fleet.up_to_date()
            return service.fleet.dead() == f"worker {hung.pid} has not answered for 0 s"

        await eventually(dead, "the hung worker is named")
        await eventually(lambda: not service.fleet.unready(), "the other worker answers")
        counter, gauge = service.counts()
        assert counter is not None
        assert counter > 2
        assert gauge == 6
        values = service.values()
        assert (values["leaderboard_workers"], values["leaderboard_workers_configured"]) == (1, 2)

        await _kill(other)
        await service.fleet.ended(other)
        assert service.fleet.unready() == "no worker serves"
        os.kill(hung.pid, signal.SIGCONT)
        await eventually(lambda: not service.fleet.dead(), "the worker answers")
        assert not service.fleet.unready()
        assert service.values()["leaderboard_workers"] == 1


async def test_worker_that_starts_delays_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker is asked from its first report on; until then it is not counted as running."""
    monkeypatch.setattr(fleets, "REPORT_TIMEOUT_S", 3_600)
    async with _serving() as service:
        await service.start()
        await service.start("starting")
        async with asyncio.timeout(10):
            await service.fleet.up_to_date()
        values = service.values()
        assert values["leaderboard_workers"] == 1
        assert values["leaderboard_worker_starts_total"] == 2
        assert not service.fleet.dead()
        assert not service.fleet.unready()


async def test_counts_of_ended_workers_stay() -> None:
    """A stopped worker hands over its last counts, a killed one leaves those of its last report."""
    async with _serving() as service:
        stopped, killed = await service.start(), await service.start()
        await service.fleet.up_to_date()
        assert service.counts() == (4, 6)

        assert await service.fleet.stop(stopped) == 0
        assert service.counts() == (5, 3)
        os.kill(killed.pid, signal.SIGKILL)
        await killed.ended()
        assert service.counts() == (5, 3)
        assert await service.fleet.ended(killed) == -signal.SIGKILL
        assert service.counts() == (5, None)
        assert service.values()["leaderboard_workers"] == 0

        await service.start()
        assert service.counts() == (6, 3)


async def test_one_worker_that_serves_is_enough() -> None:
    """A service is ready if any of its workers is; otherwise the workers say why not."""
    async with _serving() as service:
        assert service.fleet.unready() == "no worker serves"
        await service.start("no store")
        await service.start("no store")
        assert service.fleet.unready() == "no store"
        await service.start()
        assert not service.fleet.unready()


async def test_workers_are_asked_all_the_time() -> None:
    """What a worker counts is known soon, also if nobody reads it."""
    async with _serving() as service:
        await service.start()
        asking = asyncio.create_task(service.fleet.keep_current())
        await eventually(lambda: service.counts() >= (3, 3), "two more reports")
        asking.cancel()
        await asyncio.wait([asking])

"""Knows the workers of a server: how many serve, what all of them counted, and how they are."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Self

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric as Family
from prometheus_client.registry import Collector

from leaderboard_server.embedded_valkey import EmbeddedStore, UsageGauges
from leaderboard_server.metrics import catalogue
from leaderboard_server.metrics.instruments import Instruments
from leaderboard_server.metrics.totals import Totals, take_snapshot
from leaderboard_server.server_metrics import set_build_info
from leaderboard_server.transport.choice import ListenerName
from leaderboard_server.workers.worker import Worker

_REFRESH_S = 0.5
"""How often workers are asked, also while nobody reads metrics. What a worker counted after its
latest report is lost if it is killed, and that should be less than a second's."""

REPORT_TIMEOUT_S = 1.0
"""How long reports are waited for. A worker that takes longer counts with the one before."""

UNREADY_AFTER_S = 3.0
"""A worker that has not answered for so long takes no calls either."""

DEAD_AFTER_S = 10.0
"""A worker that has not answered for so long will not by itself."""


class Fleet(Collector):
    """The workers that were started and have not ended."""

    def __init__(self, listener: ListenerName, configured: int) -> None:
        """Begin without workers; there will be this number, with this listener."""
        self._workers: set[Worker] = set()
        self._totals = Totals(catalogue.METRICS)
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._instruments = Instruments(self._registry)
        self._instruments.set_gauge(catalogue.WORKERS, lambda: len(self._answering()))
        self._instruments.set_gauge(catalogue.WORKERS_CONFIGURED, lambda: configured)
        self._starts = self._instruments.counter(catalogue.WORKER_STARTS)
        self._usage: UsageGauges | None = None
        set_build_info(self._instruments, listener)

    def read_embedded_store(self, store: EmbeddedStore) -> None:
        """Read what the embedded store takes."""
        self._usage = store.usage(self._instruments)

    def add(self, worker: Worker) -> None:
        """Add a worker that was started."""
        self._starts.add()
        self._workers.add(worker)

    async def ended(self, worker: Worker) -> int:
        """Wait for the end of a worker, and return its exit code."""
        code = await worker.ended()
        self._remove(worker)
        return code

    async def stop(self, worker: Worker) -> int:
        """Stop a worker, and return its exit code."""
        code = await worker.stop()
        self._remove(worker)
        return code

    async def keep_current(self) -> None:
        """Ask the workers again and again, until this is cancelled."""
        while True:
            await self._refresh()
            await asyncio.sleep(_REFRESH_S)

    async def up_to_date(self) -> Self:
        """Ask all workers, wait for them for a second at most, and return this."""
        usage = (self._usage.refresh(),) if self._usage else ()
        await asyncio.gather(self._refresh(), *usage)
        return self

    def collect(self) -> Iterator[Family]:
        """Yield the metrics of all workers and of this process, by the latest reports."""
        for worker in self._workers:
            self._count(worker)
        return self._totals.families(take_snapshot(self._registry))

    def unready(self) -> str:
        """Return why no worker can serve calls at present; empty if one can."""
        reports = [worker.reports.latest for worker in self._answering()]
        problems = [report.unready for report in reports if report]
        return min(problems, key=len, default="no worker serves")

    def dead(self) -> str:
        """Return which worker does not answer any more; empty if all do."""
        silent = [
            f"worker {worker.pid} has not answered for {worker.reports.unanswered_s:.0f} s"
            for worker in self._serving()
            if worker.reports.unanswered_s > DEAD_AFTER_S
        ]
        return "; ".join(silent)

    async def _refresh(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REPORT_TIMEOUT_S):
                await asyncio.gather(*(worker.reports.refresh() for worker in self._serving()))

    def _serving(self) -> list[Worker]:
        """Return the workers that have started to serve."""
        return [worker for worker in self._workers if worker.reports.begun]

    def _answering(self) -> list[Worker]:
        """Return the serving workers that have answered lately."""
        return [
            worker for worker in self._serving() if worker.reports.unanswered_s < UNREADY_AFTER_S
        ]

    def _count(self, worker: Worker) -> None:
        if report := worker.reports.latest:
            self._totals.update(worker, report.samples)

    def _remove(self, worker: Worker) -> None:
        self._count(worker)
        self._totals.end(worker)
        self._workers.discard(worker)

"""Samples of the gateway, the service and the cores while watchers are measured."""

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator

import psutil

from benchmarks.paths import SERVER_CORES
from benchmarks.servers import RunningServer
from harness.http import get

_PAUSE_S = 0.5
_KIB = 1024
_OPEN = re.compile(r"^leaderboard_watches_open(?:\{[^}]*\})? (\d+)", re.MULTILINE)


class Samples:
    """Memory and times of the processes, by the phases of the load."""

    def __init__(self, gateway: RunningServer, metrics_address: str) -> None:
        """Take samples of a gateway, and of a service that serves metrics."""
        self._gateway = gateway
        self._metrics_address = metrics_address
        self._memory: dict[str, int] = {}
        """Bytes at the beginning of each phase."""
        self._most: dict[str, int] = {}
        """Bytes, at most, in each phase."""
        self._cpu: dict[str, tuple[float, float, float]] = {}
        """Seconds of the gateway, of the other cores, and of time, at the beginning of a phase."""
        self._phase = ""
        self.upstream = 0
        """The most watches that the service had open."""

    def begin(self, phase: str) -> None:
        """Note the beginning of a phase."""
        self._phase = phase
        self._memory[phase] = self._most[phase] = self._gateway.memory()
        others = [
            times
            for core, times in enumerate(psutil.cpu_times(percpu=True))
            if core in os.sched_getaffinity(0) and str(core) != SERVER_CORES
        ]
        busy = sum(sum(times[:4]) - times.idle + times.irq + times.softirq for times in others)
        now = asyncio.get_running_loop().time()
        self._cpu[phase] = self._gateway.cpu_s(), busy, now

    @contextlib.asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Take samples until the end of the block."""
        task = asyncio.create_task(self._take())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _take(self) -> None:
        while True:
            if self._phase:
                self._most[self._phase] = max(self._most[self._phase], self._gateway.memory())
            metrics = await get(self._metrics_address, "/metrics")
            found = _OPEN.search(metrics.text)
            assert found, "the service has no metric of open watches"
            self.upstream = max(self.upstream, int(found.group(1)))
            await asyncio.sleep(_PAUSE_S)

    @property
    def gateway_busy(self) -> float:
        """The share of a core that the gateway used in the measured time."""
        return self._busy(0)

    @property
    def other_busy(self) -> float:
        """The share of the other cores that was used in the measured time."""
        return self._busy(1)

    def _busy(self, which: int) -> float:
        before, after = self._cpu["measuring"], self._cpu["measured"]
        return (after[which] - before[which]) / self.seconds_between("measuring", "measured")

    def seconds_between(self, phase: str, later: str) -> float:
        """Return the time between the beginnings of two phases."""
        return self._cpu[later][2] - self._cpu[phase][2]

    def kib_between(self, phase: str, later: str) -> float:
        """Return the growth of the gateway between the beginnings of two phases, in KiB."""
        return (self._memory[later] - self._memory[phase]) / _KIB

    def most_kib_after(self, phase: str) -> float:
        """Return the largest growth of the gateway since the beginning of a phase, in KiB."""
        return (max(self._most.values()) - self._memory[phase]) / _KIB

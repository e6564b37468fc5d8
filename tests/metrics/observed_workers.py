"""A service of workers, and what its metrics say."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from harness.http import get
from harness.ports import free_port
from harness.service import ServiceProcess
from harness.workers import serving_workers
from metrics.observed_server import Scrape


@dataclass
class ObservedWorkers:
    """A service of workers, and its metrics."""

    service: ServiceProcess
    metrics_address: str

    async def scrape(self) -> Scrape:
        """Read all metrics."""
        response = await get(self.metrics_address, "/metrics")
        assert response.status == 200
        return Scrape(response.text)

    async def probe(self, path: str) -> tuple[int, str]:
        """Return the status and the text of a probe."""
        response = await get(self.metrics_address, path)
        return response.status, response.text


@contextlib.asynccontextmanager
async def observed_workers(
    folder: Path, workers: int, *options: str
) -> AsyncIterator[ObservedWorkers]:
    """Run a service of workers that all serve and whose metrics are served."""
    address = f"127.0.0.1:{free_port()}"
    options = ("--metrics-address", address, *options)
    async with serving_workers(folder, workers, *options) as service:
        yield ObservedWorkers(service, address)


def _counters(scrape: Scrape) -> dict[object, float]:
    """Return all that must not fall: counters, and what histograms counted."""
    kinds = ("_total", "_bucket", "_count", "_sum")
    return {series: value for series, value in scrape.samples.items() if series[0].endswith(kinds)}


def fallen(before: Scrape, after: Scrape) -> dict[object, tuple[float, float | None]]:
    """Return what fell between two scrapes, or is gone, with both values."""
    now = _counters(after)
    return {
        series: (value, now.get(series))
        for series, value in _counters(before).items()
        if now.get(series, -1) < value
    }

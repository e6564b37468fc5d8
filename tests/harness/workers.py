"""Runs a service of several workers, and finds its processes and their log entries."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil

from harness.calls import top
from harness.service import ServiceProcess
from harness.waiting import eventually
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub


@contextlib.asynccontextmanager
async def serving_workers(folder: Path, count: int, *options: str) -> AsyncIterator[ServiceProcess]:
    """Run a service of workers on an embedded store, until the block ends, from when all serve."""
    options = ("--workers", str(count), *options)
    async with ServiceProcess(folder / "service", *options, data_dir=folder / "data") as service:
        await logged(service, "serving", count)
        yield service


def log_entries(service: ServiceProcess, event: str) -> list[dict[str, Any]]:
    """Return the log entries of an event."""
    lines = service.process.log.read_text().splitlines()
    return [entry for entry in map(json.loads, lines) if entry["event"] == event]


async def logged(service: ServiceProcess, event: str, times: int) -> None:
    """Wait until an event was logged this many times."""
    await eventually(lambda: len(log_entries(service, event)) == times, f"{times} times {event}")


def worker_processes(service: ServiceProcess) -> list[psutil.Process]:
    """Return the processes of the workers that run now."""
    children = psutil.Process(service.process.pid).children()
    return [child for child in children if "leaderboard_server.workers" in _command(child)]


async def reach_each(
    service: ServiceProcess, stack: contextlib.AsyncExitStack
) -> dict[int, LeaderboardServiceStub]:
    """Connect until each worker was reached; return a stub for each, by its process id."""
    reached: dict[int, LeaderboardServiceStub] = {}

    def connected() -> dict[int, int]:
        return {worker.pid: _connections(worker, service) for worker in worker_processes(service)}

    async def connect() -> bool:
        before = connected()
        stub = LeaderboardServiceStub(await stack.enter_async_context(service.new_channel()))
        await top(stub, "cup")
        gained = {pid for pid, count in connected().items() if count > before[pid]}
        assert len(gained) == 1
        reached[gained.pop()] = stub
        return len(reached) == len(worker_processes(service))

    await eventually(connect, "a connection to each worker")
    return reached


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def _connections(worker: psutil.Process, service: ServiceProcess) -> int:
    """Count the connections from callers."""
    port = int(service.address.rpartition(":")[2])
    return sum(
        one.laddr.port == port and one.status == psutil.CONN_ESTABLISHED
        for one in worker.net_connections("tcp")
    )

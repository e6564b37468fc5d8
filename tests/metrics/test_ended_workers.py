"""The metrics of workers under load while one of them is killed, stops or hangs."""

import asyncio
import contextlib
import itertools
import signal
import time
from pathlib import Path

import grpc
import psutil
import pytest

from harness.calls import DEADLINE_S, add
from harness.waiting import eventually
from harness.workers import logged, reach_each, worker_processes
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from metrics.callers import codes
from metrics.observed_server import Scrape
from metrics.observed_workers import ObservedWorkers, fallen, observed_workers


@pytest.mark.slow
@pytest.mark.usefixtures("on_each_listener")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
async def test_ended_worker_makes_no_counter_fall(tmp_path: Path, number: signal.Signals) -> None:
    """Of a worker that is killed under load calls of its last second may be missing, else none."""
    async with observed_workers(tmp_path, 4) as observed, contextlib.AsyncExitStack() as stack:
        writers = {
            pid: _Writer(stub) for pid, stub in (await reach_each(observed.service, stack)).items()
        }
        victim, *_ = writers
        async with asyncio.TaskGroup() as tasks:
            for writer in writers.values():
                tasks.create_task(writer.write())
            scrapes = await _scraped_for(observed, 1.0)
            quiet_since = time.monotonic()  # from now on nobody scrapes
            await eventually(
                lambda: writers[victim].acknowledged_at[-1] > quiet_since + 2, "2 s of writes"
            )
            ended_at = time.monotonic()
            psutil.Process(victim).send_signal(number)
            scrapes += await _scraped_for(observed, 3.0)
            await logged(observed.service, "serving", 5)
            scrapes += await _scraped_for(observed, 1.0)
            for writer in writers.values():
                writer.stop()

        last = await observed.scrape()
        for before, after in itertools.pairwise([*scrapes, last]):
            assert not fallen(before, after)
        acknowledged = sum(len(writer.acknowledged_at) for writer in writers.values())
        missing = acknowledged - codes(last)["UpdateScore", "OK"]
        if number is signal.SIGTERM:
            assert missing == 0, f"of {acknowledged}"
        else:
            at_risk = sum(at > ended_at - 1 for at in writers[victim].acknowledged_at)
            assert missing <= at_risk, f"of {acknowledged}"


@pytest.mark.slow
@pytest.mark.usefixtures("on_each_listener")
async def test_hung_worker_is_named(tmp_path: Path) -> None:
    """A worker that hangs keeps its counts; after 10 s it fails the liveness of the service."""
    async with observed_workers(tmp_path, 2) as observed, contextlib.AsyncExitStack() as stack:
        for stub in (await reach_each(observed.service, stack)).values():
            await add(stub, "cup", "ada", 5)
        before = await observed.scrape()
        hung, _ = worker_processes(observed.service)
        hung.suspend()
        after = await observed.scrape()
        assert codes(after) == codes(before)
        assert after.value("leaderboard_workers") == 2

        async def dead() -> bool:
            status, text = await observed.probe("/livez")
            return status == 503 and text.startswith(f"worker {hung.pid} has not answered for 1")

        await eventually(dead, "the hung worker is named", within=20)
        after = await observed.scrape()
        assert after.value("leaderboard_workers") == 1
        assert after.value("leaderboard_workers_configured") == 2
        assert await observed.probe("/readyz") == (200, "ok\n")
        hung.resume()

        async def live() -> bool:
            return await observed.probe("/livez") == (200, "ok\n")

        await eventually(live, "the worker answers")
        assert codes(await observed.scrape()) == codes(before)


async def _scraped_for(observed: ObservedWorkers, seconds: float) -> list[Scrape]:
    """Scrape again and again for a while."""
    scrapes = []
    started = time.monotonic()
    while time.monotonic() < started + seconds:
        scrapes.append(await observed.scrape())
    return scrapes


class _Writer:
    """Writes over one connection, a few calls at a time, until it is stopped or disconnected."""

    def __init__(self, stub: LeaderboardServiceStub) -> None:
        self.acknowledged_at: list[float] = []
        self._stub = stub
        self._stopping = False

    async def write(self) -> None:
        await asyncio.gather(*(self._write_in_turn(f"user-{number}") for number in range(8)))

    def stop(self) -> None:
        self._stopping = True

    async def _write_in_turn(self, user_id: str) -> None:
        request = pb.UpdateScoreRequest(contest_id="cup", user_id=user_id, points=1)
        while not self._stopping:
            try:
                await self._stub.UpdateScore(request, timeout=DEADLINE_S)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                return
            self.acknowledged_at.append(time.monotonic())

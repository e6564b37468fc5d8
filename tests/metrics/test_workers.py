"""The metrics of a service with workers: exact while none dies, and never falling."""

import asyncio
import contextlib
import itertools
import signal
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import grpc
import psutil
import pytest

from harness.calls import DEADLINE_S, add
from harness.http import get
from harness.ports import free_port
from harness.service import ServiceProcess
from harness.serving import served
from harness.waiting import eventually
from harness.workers import logged, reach_each, serving_workers, worker_processes
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from metrics.callers import Callers, Ended, codes, watching
from metrics.observed_server import Scrape

_CONNECTIONS = 16
"""Enough that each of four workers has some."""
_MAX_WATCHERS = 20


@dataclass
class _Observed:
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
async def _observed(folder: Path, workers: int, *options: str) -> AsyncIterator[_Observed]:
    """Run a service of workers that all serve and whose metrics are served."""
    address = f"127.0.0.1:{free_port()}"
    options = ("--metrics-address", address, *options)
    async with serving_workers(folder, workers, *options) as service:
        yield _Observed(service, address)


@contextlib.asynccontextmanager
async def _callers(service: ServiceProcess) -> AsyncIterator[Callers]:
    async with contextlib.AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(service.new_channel()) for _ in range(_CONNECTIONS)
        ]
        yield Callers(channels)


def _counters(scrape: Scrape) -> dict[object, float]:
    """Return all that must not fall: counters, and what histograms counted."""
    kinds = ("_total", "_bucket", "_count", "_sum")
    return {series: value for series, value in scrape.samples.items() if series[0].endswith(kinds)}


def _fallen(before: Scrape, after: Scrape) -> dict[object, tuple[float, float | None]]:
    now = _counters(after)
    return {
        series: (value, now.get(series))
        for series, value in _counters(before).items()
        if now.get(series, -1) < value
    }


async def _call_each_kind(observed: _Observed, times: int) -> None:
    """Make so many calls of each kind, and compare the metrics with what callers got."""
    async with _callers(observed.service) as callers, contextlib.AsyncExitStack() as stack:
        each_worker = await reach_each(observed.service, stack)
        before = await observed.scrape()
        for kind in callers.kinds:
            await callers.call(kind, times)
        async with contextlib.AsyncExitStack() as all_watches:
            for stub in each_worker.values():
                for _ in range(_MAX_WATCHERS):
                    await all_watches.enter_async_context(watching(stub))
            await callers.call("WatchContest", times)
        callers.ended["WatchContest", "Canceled"] += _MAX_WATCHERS * len(each_worker)
        assert callers.ended["WatchContest", "ResourceExhausted"] >= times

        async def exact() -> bool:
            return codes(await observed.scrape()) - codes(before) == callers.ended

        await eventually(exact, f"{callers.ended}")
        _compare(before, await observed.scrape(), callers.ended)


def _compare(before: Scrape, after: Scrape, ended: Ended) -> None:
    """Compare what was counted between two scrapes with how calls ended."""

    def counted(name: str, **labels: str) -> float:
        return after.value(name, **labels) - before.value(name, **labels)

    assert codes(after) - codes(before) == ended
    of_method = Counter[str]()
    for (method, _), count in ended.items():
        of_method[method] += count
    for method, count in of_method.items():
        assert counted("grpc_server_handling_seconds_count", grpc_method=method) == count
        if method != "WatchContest":
            sent = counted("grpc_server_msg_sent_total", grpc_method=method)
            assert sent == ended[method, "OK"]
    refused = counted("leaderboard_refusals_total", limit="watches")
    assert refused == ended["WatchContest", "ResourceExhausted"]
    not_found = counted("leaderboard_errors_total", reason="USER_NOT_FOUND")
    assert not_found == ended["GetUserRank", "NotFound"] > 0
    updates = ended["UpdateScore", "OK"] + 3 * ended["BatchUpdateScores", "OK"]
    assert counted("leaderboard_store_batch_size_sum", kind="commit") == updates


async def test_metrics_of_workers(tmp_path: Path) -> None:
    """Counts are exact, those of an ended worker stay, and one that is killed makes none fall."""
    async with _observed(tmp_path, 2, "--max-watchers", str(_MAX_WATCHERS)) as observed:
        await _call_each_kind(observed, 20)
        before = await observed.scrape()
        assert before.value("leaderboard_workers") == 2
        assert before.value("leaderboard_worker_starts_total") == 2
        assert before.value("leaderboard_calls_limit") == 2_000
        assert before.value("leaderboard_store_available") == 1
        assert before.value("leaderboard_embedded_store_memory_bytes") > 100_000
        assert await observed.probe("/readyz") == (200, "ok\n")
        assert await observed.probe("/livez") == (200, "ok\n")

        stopped, killed = worker_processes(observed.service)
        stopped.terminate()
        await logged(observed.service, "worker_ended", 1)
        after = await observed.scrape()
        assert not _fallen(before, after)
        assert codes(after) == codes(before)

        killed.kill()
        await logged(observed.service, "worker_ended", 2)
        last = await observed.scrape()
        assert not _fallen(after, last)
        assert codes(last) == codes(before)
        assert last.value("leaderboard_worker_starts_total") > 2
        assert await observed.service.terminate() == 0


async def test_address_of_metrics_that_is_in_use(tmp_path: Path) -> None:
    """The service does not start, with one line that names the address."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        store = ("--redis-url", "redis://127.0.0.1:1")
        options = ("--address", "127.0.0.1:0", "--workers", "2", "--metrics-address", address)
        ended = await served(tmp_path, *options, *store)

    assert ended.exit_code == 1
    assert ended.output.splitlines() == [
        f"leaderboard serve: can't serve metrics on {address}: Address already in use"
    ]


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.usefixtures("on_each_listener")
@pytest.mark.parametrize("workers", [2, 4])
async def test_counts_are_exact(tmp_path: Path, workers: int) -> None:
    """After 10,000 calls of each kind the counters equal what the callers got."""
    async with _observed(tmp_path, workers, "--max-watchers", str(_MAX_WATCHERS)) as observed:
        await _call_each_kind(observed, 10_000)


@pytest.mark.slow
@pytest.mark.usefixtures("on_each_listener")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "stopped"])
async def test_ended_worker_makes_no_counter_fall(tmp_path: Path, number: signal.Signals) -> None:
    """Of a worker that is killed under load calls of its last second may be missing, else none."""
    async with _observed(tmp_path, 4) as observed, contextlib.AsyncExitStack() as stack:
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
            assert not _fallen(before, after)
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
    async with _observed(tmp_path, 2) as observed, contextlib.AsyncExitStack() as stack:
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
        assert await observed.probe("/readyz") == (200, "ok\n")
        hung.resume()

        async def live() -> bool:
            return await observed.probe("/livez") == (200, "ok\n")

        await eventually(live, "the worker answers")
        assert codes(await observed.scrape()) == codes(before)


async def _scraped_for(observed: _Observed, seconds: float) -> list[Scrape]:
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

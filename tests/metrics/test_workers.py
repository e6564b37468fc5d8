"""The metrics of a service with workers: exact while none dies, and never falling."""

import contextlib
import socket
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness.service import ServiceProcess
from harness.serving import served
from harness.waiting import eventually
from harness.workers import logged, reach_each, worker_processes
from metrics.callers import Callers, Ended, codes, watching
from metrics.observed_server import Scrape
from metrics.observed_workers import ObservedWorkers, fallen, observed_workers

_CONNECTIONS = 16
"""Enough that each of four workers has some."""
_MAX_WATCHERS = 20


@contextlib.asynccontextmanager
async def _callers(service: ServiceProcess) -> AsyncIterator[Callers]:
    async with contextlib.AsyncExitStack() as stack:
        channels = [
            await stack.enter_async_context(service.new_channel()) for _ in range(_CONNECTIONS)
        ]
        yield Callers(channels)


async def _call_each_kind(observed: ObservedWorkers, times: int) -> None:
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
    async with observed_workers(tmp_path, 2, "--max-watchers", str(_MAX_WATCHERS)) as observed:
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
        assert not fallen(before, after)
        assert codes(after) == codes(before)

        killed.kill()
        await logged(observed.service, "worker_ended", 2)
        last = await observed.scrape()
        assert not fallen(after, last)
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
    async with observed_workers(
        tmp_path, workers, "--max-watchers", str(_MAX_WATCHERS)
    ) as observed:
        await _call_each_kind(observed, 10_000)

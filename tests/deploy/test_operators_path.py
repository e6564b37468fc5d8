"""The path of an operator: servers with metrics, a real Prometheus, load, and a store that dies."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from deploy.activity import command, end_season, fail, let_expire, load, read_again, watch
from deploy.dashboard import queries
from deploy.prometheus import Prometheus
from deploy.promtool import require
from harness.ports import free_port
from harness.service import LISTENERS, ServiceProcess, all_serving, listening_with
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually
from leaderboard_server.metrics.catalogue import METRICS
from leaderboard_server.metrics.metric import Kind

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_RATE_INTERVAL = "10s"
_ALERT = "LeaderboardStoreUnavailable"
_ALERT_S = 30.0
_NOTICE_S = 10.0
"""How long a server and Prometheus may take to notice the store, and a busy machine."""
_SWEEP_S = 90.0
_FRONT = "on the front"
_STAY_AT_0 = {
    "leaderboard_calls_in_flight": "is seen in the moment of a scrape alone",
    "leaderboard_call_records_dropped_total": "needs an access log that can't keep up",
    "leaderboard_connections_ended_total": "needs an attack",
    "leaderboard_store_redirections_total": "needs a cluster",
    "leaderboard_store_resends_total": "needs a reply that is lost on its way",
    "leaderboard_watchers_lagged_total": "needs more messages than a connection takes",
    "leaderboard_watchers_dropped_total": "needs a watcher that stalls for long",
}
"""Metrics that may stay at 0 here, and why. Tests of the parts that count them move them."""


class _Path(NamedTuple):
    """What an operator runs."""

    store: StoreProcess
    one: ServiceProcess
    """On `store`, with the fast listener if there is one."""
    one_metrics: str
    other: ServiceProcess
    """On its own embedded store, with two workers."""
    prometheus: Prometheus
    begun: float


@pytest_asyncio.fixture(name="path")
async def _path(tmp_path: Path) -> AsyncIterator[_Path]:
    require("prometheus")
    store = StoreProcess(Flavour.VALKEY, tmp_path / "store")
    metrics = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    with listening_with(LISTENERS[-1]):
        one = ServiceProcess(tmp_path / "one", "--metrics-address", metrics[0], redis_url=store.url)
    options = ("--metrics-address", metrics[1], "--workers", "2")
    other = ServiceProcess(tmp_path / "other", *options, data_dir=tmp_path / "data")
    async with contextlib.AsyncExitStack() as stack:
        await store.start()
        stack.callback(store.end)
        await stack.enter_async_context(all_serving(one, other))
        prometheus = await stack.enter_async_context(Prometheus(tmp_path / "prometheus", metrics))
        yield _Path(store, one, metrics[0], other, prometheus, time.time())


async def test_operators_path(path: _Path) -> None:
    """The alert of a store that dies fires within its time, and clears when the store is back.

    Meanwhile every series moves, every panel of the dashboard has data, and no other alert fires.
    """
    await _use(path)
    await _lose_the_store(path)
    await _use(path)
    await _sweep(path)
    assert await _unmoved(path.prometheus) == set()
    assert await _empty_panels(path) == []
    fired = await path.prometheus.query('count_over_time(ALERTS{alertstate="firing"}[15m])')
    assert {series.labels["alertname"] for series in fired} == {_ALERT}


async def _use(path: _Path) -> None:
    """Make calls of all kinds, most of them by `leaderboard load`."""
    await asyncio.gather(*map(load, (path.one, path.other)))
    for server in (path.one, path.other):
        await watch(server)
        await fail(server)
        await read_again(server)
        await end_season(server)


async def _lose_the_store(path: _Path) -> None:
    """Kill the store, wait until the alert fires, and bring the store back."""
    await path.store.kill()
    began = time.monotonic()
    await eventually(lambda: _fires(path), f"{_ALERT} fires", within=_ALERT_S + _NOTICE_S)
    assert time.monotonic() - began >= _ALERT_S - 1
    (alert,) = await path.prometheus.query(f'ALERTS{{alertname="{_ALERT}", alertstate="firing"}}')
    assert alert.labels["instance"] == path.one_metrics
    verdicts = await _examined(path)
    assert verdicts["metrics: store"] == "FAIL"
    await path.store.start()

    async def cleared() -> bool:
        return not await path.prometheus.firing()

    await eventually(cleared, f"{_ALERT} clears", within=_NOTICE_S)
    verdicts = await _examined(path)
    assert verdicts["metrics: store"] == verdicts["metrics: feed"] == "OK"


async def _fires(path: _Path) -> bool:
    return _ALERT in await path.prometheus.firing()


async def _examined(path: _Path) -> dict[str, str]:
    """Return the verdicts of `leaderboard doctor`."""
    options = ("--server", path.one.address, "--metrics-address", path.one_metrics)
    _, printed = await command("doctor", *options, "--json")
    return {check["check"]: check["verdict"] for check in json.loads(printed)["checks"]}


async def _sweep(path: _Path) -> None:
    """Wait for a sweep of both servers that deletes an expired contest."""
    await asyncio.gather(*map(let_expire, (path.one, path.other)))

    async def swept() -> bool:
        found = await path.prometheus.query("leaderboard_expired_contests_total > 0")
        return len(found) == 2

    await eventually(swept, "sweeps over all contests", within=_SWEEP_S)


async def _unmoved(prometheus: Prometheus) -> set[str]:
    """Return the metrics that have no series, or that stayed at 0 although they should not."""
    unmoved = set()
    for metric in METRICS:
        name = f"{metric.name}_count" if metric.kind is Kind.HISTOGRAM else metric.name
        found = await prometheus.query(f"max_over_time({name}[15m])")
        highest = max((series.values[0] for series in found), default=-1.0)
        missing = highest < 0 and not (metric.only == _FRONT and LISTENERS[-1] != "front")
        if missing or (highest == 0 and metric.name not in _STAY_AT_0):
            unmoved.add(metric.name)
    return unmoved


async def _empty_panels(path: _Path) -> list[str]:
    """Return the queries of panels without a number in all the time."""
    start, end = path.begun, time.time()
    empty = []
    for query in queries(_RATE_INTERVAL):
        found = await path.prometheus.query_range(query.expression, start, end)
        if not any(series.values for series in found):
            empty.append(f"{query.panel}: {query.expression}")
    return empty

"""Redis Sentinel: servers follow the master, and writes lost in a failover start a new epoch."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Self

import pytest
import pytest_asyncio

from harness.calls import scores
from harness.load import persist
from harness.sentinel import SentinelStores, role
from harness.service import ServiceProcess
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from watch.scopes import CONTEST, ScopeWatchers


@pytest_asyncio.fixture(name="stores")
async def _stores(tmp_path: Path) -> AsyncIterator[SentinelStores]:
    """Yield a master and its replica behind a sentinel."""
    async with SentinelStores(Flavour.VALKEY, tmp_path) as stores:
        yield stores


@pytest_asyncio.fixture(name="service")
async def _service(stores: SentinelStores, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """Yield a service process that only knows the sentinel."""
    async with ServiceProcess(tmp_path / "service", redis_url=stores.url) as service:
        yield service


@pytest_asyncio.fixture(name="watchers")
async def _watchers(service: ServiceProcess) -> AsyncIterator[ScopeWatchers]:
    """Yield a watcher of each scope."""
    watchers = ScopeWatchers()
    async with watchers.at(service.stub):
        yield watchers


async def _write(service: ServiceProcess, numbers: Iterable[int]) -> list[pb.UpdateScoreResponse]:
    """Add one point for the user of each number; a repeat doesn't count again."""
    requests = (
        pb.UpdateScoreRequest(
            contest_id=CONTEST, user_id=f"u{number}", points=1, request_id=f"write-{number}"
        )
        for number in numbers
    )
    return await asyncio.gather(*(persist(service.stub, request) for request in requests))


class _Load:
    """Writes ten new numbers at a time, until the block ends."""

    def __init__(self, service: ServiceProcess) -> None:
        self.written = 0
        self._service = service
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._stopping = True
        await self._task

    async def more_writes(self) -> None:
        """Wait for further acknowledged writes."""
        due = self.written + 50
        await eventually(lambda: self.written >= due, "further writes")

    async def _run(self) -> None:
        for first in itertools.count(step=10):
            if self._stopping:
                return
            await _write(self._service, range(first, first + 10))
            self.written = first + 10
            await asyncio.sleep(0.02)


async def _assert_each_counts_once(service: ServiceProcess, written: int) -> None:
    """Repeat all writes, which restores those lost in the failover, and compare the scores."""
    await _write(service, range(written))
    assert await scores(service.stub, CONTEST) == {f"u{number}": 1 for number in range(written)}


async def test_master_of_the_sentinel_is_used(
    service: ServiceProcess, stores: SentinelStores, watchers: ScopeWatchers
) -> None:
    """Writes, reads and watches go to the master, which replicates all writes."""
    first, second = stores.stores

    (*_, last) = await _write(service, range(20))

    await watchers.hold(service.stub)
    await stores.in_step()
    for store in (first, second):
        assert await _holds(store, last.position)


async def _holds(store: StoreProcess, position: pb.Position) -> bool:
    async with store.client() as client:
        meta = await client.hgetall(f"leaderboard:contest:{{{CONTEST}}}:meta")
    return meta["epoch"] == position.epoch and int(meta["revision"]) >= position.revision


async def _assert_left(store: StoreProcess) -> None:
    """Check that the service left a former master before Sentinel made it a replica."""

    async def is_left() -> bool:
        async with store.client() as client:
            names = {other["name"] for other in await client.client_list()}
        return "leaderboard" not in names

    await eventually(is_left, "the end of all connections to the former master")
    assert await role(store) == "master"


@pytest.mark.parametrize("comes_back", [False, True], ids=["dead", "hung"])
async def test_no_write_is_lost_if_the_replica_is_in_sync(
    service: ServiceProcess, stores: SentinelStores, watchers: ScopeWatchers, *, comes_back: bool
) -> None:
    """Writes in flight are applied once at the new master; watches continue without a snapshot."""
    first, second = stores.stores
    await _write(service, range(40))
    await stores.in_step()
    first.freeze()
    in_flight = asyncio.create_task(_write(service, range(40, 80)))
    await eventually(lambda: _is_not_serving(service), "NOT_SERVING")
    if not comes_back:
        await first.kill()
    await stores.becomes_master(second)
    await in_flight
    if comes_back:
        first.thaw()
        await _assert_left(first)
    (last,) = await _write(service, [80])

    assert await _holds(second, last.position)
    await watchers.hold(service.stub)
    assert watchers.reasons() == [{"INITIAL": 1}] * 3
    repeated = await _write(service, range(81))
    assert all(answer.replayed for answer in repeated)
    await _assert_each_counts_once(service, 81)


async def _is_not_serving(service: ServiceProcess) -> bool:
    return await service.health() == "NOT_SERVING"


async def test_writes_that_a_dead_master_did_not_replicate_start_a_new_epoch(
    service: ServiceProcess, stores: SentinelStores, watchers: ScopeWatchers
) -> None:
    """All watchers get one new epoch with the new master's board; repeated lost writes count."""
    first, second = stores.stores
    (*_, kept) = await _write(service, range(40))
    await stores.in_step()
    await stores.break_replication()
    await _write(service, range(40, 50))
    await watchers.hold(service.stub)
    await first.kill()

    await stores.becomes_master(second)
    for watcher in watchers.watchers:
        await watcher.snapshot("NEW_EPOCH")
    repeated = await _write(service, range(50))

    assert [answer.replayed for answer in repeated] == [True] * 40 + [False] * 10
    assert all(answer.position.epoch != kept.position.epoch for answer in repeated)
    await _assert_each_counts_once(service, 50)
    await watchers.hold(service.stub)
    assert watchers.reasons() == [{"INITIAL": 1, "NEW_EPOCH": 1}] * 3


async def test_master_that_dies_under_load_is_replaced(
    service: ServiceProcess, stores: SentinelStores, watchers: ScopeWatchers
) -> None:
    """The service uses the replica, whatever writes it has; all watchers get its board."""
    first, second = stores.stores
    async with _Load(service) as load:
        await load.more_writes()
        await first.kill()
        await stores.becomes_master(second)
        await load.more_writes()

    await _assert_each_counts_once(service, load.written)
    await watchers.hold(service.stub)
    for reasons in watchers.reasons():
        assert reasons in ({"INITIAL": 1}, {"INITIAL": 1, "NEW_EPOCH": 1})


async def test_planned_failover_under_load(
    service: ServiceProcess, stores: SentinelStores, watchers: ScopeWatchers
) -> None:
    """The service leaves the old master long before it becomes a replica."""
    first, second = stores.stores
    async with _Load(service) as load:
        await load.more_writes()
        await stores.fail_over()
        await stores.becomes_master(second)
        await eventually(lambda: _goes_to(service, second), "writes to the new master")
        await _assert_left(first)
        await load.more_writes()

    await _assert_each_counts_once(service, load.written)
    await watchers.hold(service.stub)
    for reasons in watchers.reasons():
        assert reasons in ({"INITIAL": 1}, {"INITIAL": 1, "NEW_EPOCH": 1})


async def _goes_to(service: ServiceProcess, store: StoreProcess) -> bool:
    (answer,) = await _write(service, [0])
    return await _holds(store, answer.position)


async def test_planned_failover_while_writes_pause(
    service: ServiceProcess, stores: SentinelStores, watchers: ScopeWatchers
) -> None:
    """If the old master takes no writes until the service leaves it, no write is lost."""
    first, second = stores.stores
    async with _Load(service) as load:
        await load.more_writes()
        async with first.client() as client:
            await client.client_pause(20_000, all=False)
        await stores.in_step()
        await stores.fail_over()
        await stores.becomes_master(second)
        await load.more_writes()

    await watchers.hold(service.stub)
    assert watchers.reasons() == [{"INITIAL": 1}] * 3
    repeated = await _write(service, range(load.written))
    assert all(answer.replayed for answer in repeated)
    await _assert_each_counts_once(service, load.written)

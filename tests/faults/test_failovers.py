"""Failovers, by Sentinel and by an address that moves: nothing stays at the former primary.

What other servers write after it reaches a watcher in a bounded time.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from conftest import require
from harness.calls import add, scores
from harness.node import Node, running_node
from harness.ports import free_port
from harness.proxy import StoreProxy
from harness.sentinel import SentinelStores
from harness.service import ServiceProcess
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.errors import StoreUnavailable

_SILENT_S = 5.0
"""The time in which a watcher gets what was written since: well below that of progress."""


class _Moving(NamedTuple):
    """A primary and its replica, and a server at an address that leads to the primary."""

    first: StoreProcess
    second: StoreProcess
    address: StoreProxy
    service: ServiceProcess

    async def promote(self) -> None:
        """Make the replica a primary, and have the address lead new connections to it."""
        async with self.second.client() as replica:
            await replica.replicaof("NO", "ONE")
        self.address.lead_to(self.second.port)

    async def demote(self) -> None:
        """Make the former primary a replica that is cut off; its connections stay open."""
        async with self.first.client() as former:
            await former.replicaof("127.0.0.1", str(free_port()))


@pytest_asyncio.fixture(name="moving")
async def _moving(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[_Moving]:
    flavour = getattr(request, "param", Flavour.VALKEY)
    require(flavour)
    first, second = (StoreProcess(flavour, tmp_path / name) for name in ("first", "second"))
    try:
        await asyncio.gather(first.start(), second.start())
        async with first.client() as primary, second.client() as replica:
            await primary.config_set("repl-diskless-sync-delay", 0)
            await replica.replicaof("127.0.0.1", str(first.port))
        async with (
            StoreProxy(first.port) as address,
            ServiceProcess(tmp_path / "service", redis_url=address.url) as service,
        ):
            yield _Moving(first, second, address, service)
    finally:
        first.end()
        second.end()


async def _replicated(moving: _Moving, revision: int) -> None:
    """Wait until the replica has a revision of the contest."""
    async with moving.second.client() as replica:

        async def has_it() -> bool:
            meta = await replica.hgetall("leaderboard:contest:{cup}:meta")
            return meta.get("revision") == str(revision)

        await eventually(has_it, "a replica in sync")


async def _write_elsewhere(other: Node) -> pb.Position:
    """Write through another server as soon as that works, and return the position."""
    while True:
        try:
            position = (await other.add("cup", "bob", 7)).position
        except StoreUnavailable:
            await asyncio.sleep(0.05)
        else:
            return pb.Position(epoch=position.epoch, revision=position.revision)


@pytest.mark.parametrize("demoted_first", [False, True], ids=["moved, demoted", "demoted, moved"])
async def test_no_watch_and_no_read_stays_at_a_demoted_primary(
    moving: _Moving, *, demoted_first: bool
) -> None:
    """Reads and watches have within seconds what other servers write after the move."""
    stub = moving.service.stub
    async with Watcher("cup", limit=50) as watcher:
        await watcher.open(stub)
        before = await add(stub, "cup", "ada", 5)
        await watcher.reach(before.position)
        await _replicated(moving, before.position.revision)
        if demoted_first:
            await moving.demote()
            await eventually(lambda: _health(moving, "NOT_SERVING"), "the end of serving")
            await moving.promote()
        else:
            await moving.promote()
            await moving.demote()

        async with running_node(moving.second.url) as other:
            written = await _write_elsewhere(other)
            await watcher.reach(written, within=_SILENT_S)
            await eventually(lambda: _health(moving, "SERVING"), "serving again")
            second = await _write_elsewhere(other)
            await watcher.reach(second, within=_SILENT_S)

        assert await scores(stub, "cup", min_position=second) == {"ada": 5, "bob": 14}
        after = await add(stub, "cup", "ada", 1)
        assert after.position.epoch == before.position.epoch
        await watcher.reach(after.position)
        assert watcher.checker.reasons == {"INITIAL": 1}


@pytest.mark.parametrize("moving", list(Flavour), indirect=True)
async def test_a_write_to_the_new_primary_takes_reads_and_watches_along(moving: _Moving) -> None:
    """Once a write has reached the new primary, nothing comes from the former one."""
    stub = moving.service.stub
    async with Watcher("cup", limit=50) as watcher:
        await watcher.open(stub)
        before = await add(stub, "cup", "ada", 5)
        await watcher.reach(before.position)
        await _replicated(moving, before.position.revision)
        await moving.promote()
        await moving.demote()

        own = await add(stub, "other", "ada", 1)

        assert own.user.score == 1
        async with running_node(moving.second.url) as other:
            written = await _write_elsewhere(other)
            assert await scores(stub, "cup", min_position=written) == {"ada": 5, "bob": 7}
            await watcher.reach(written, within=_SILENT_S)
        assert watcher.checker.reasons == {"INITIAL": 1}


async def _health(moving: _Moving, state: str) -> bool:
    return await moving.service.health() == state


async def test_a_feed_that_reconnected_to_the_old_master_follows_the_new_one(
    tmp_path: Path,
) -> None:
    """A watch whose feed was lost in the middle of a failover by Sentinel goes on after it."""
    async with (
        SentinelStores(Flavour.VALKEY, tmp_path) as stores,
        ServiceProcess(tmp_path / "service", redis_url=stores.url) as service,
        running_node(stores.url) as other,
        stores.stores[0].client() as old_master,
        Watcher("cup", limit=50) as watcher,
    ):
        await watcher.open(service.stub)
        await watcher.reach(await _write_elsewhere(other))
        await old_master.client_pause(20_000, all=False)
        await stores.in_step()
        await old_master.client_kill_filter(_type="pubsub")
        await stores.fail_over()
        await old_master.client_kill_filter(_type="pubsub")
        await stores.becomes_master(stores.stores[1])

        for _ in range(3):
            await watcher.reach(await _write_elsewhere(other), within=_SILENT_S)

        assert watcher.checker.reasons == {"INITIAL": 1}

"""After a store was emptied or rolled back to an older copy, all watchers get a new epoch."""

import asyncio
import shutil
from pathlib import Path

import pytest

from harness.service import ServiceProcess
from harness.stores import StoreProcess
from replication.two_servers import Servers, accepts_writes, write
from watch.scopes import ScopeWatchers


async def test_emptied_store_is_detected_without_any_call(
    servers: Servers, own_store: StoreProcess
) -> None:
    """Watchers of both servers, and one that resumes later, get the same new epoch."""
    near, far, _ = servers
    here, there, away = ScopeWatchers(), ScopeWatchers(), ScopeWatchers()
    async with away.at(far.stub):
        await write(near.stub, 0)
        await away.hold(near.stub)
    async with here.at(near.stub), there.at(far.stub), own_store.client() as client:
        await client.flushall()

        for watcher in (*here.watchers, *there.watchers):
            await watcher.snapshot("NEW_EPOCH")
            assert watcher.checker.rows == ()
        async with away.at(near.stub):
            await write(far.stub, 1)
            for watchers in (here, there, away):
                await watchers.hold(near.stub)
                assert watchers.reasons() == [{"INITIAL": 1, "NEW_EPOCH": 1}] * 3


async def test_store_emptied_while_no_server_ran_is_detected(
    servers: Servers, own_store: StoreProcess
) -> None:
    """A server that never saw the lost history does not continue it either."""
    near, far, _ = servers
    watchers = ScopeWatchers()
    async with watchers.at(near.stub):
        await write(near.stub, 0)
        await watchers.hold(near.stub)
    await far.kill()
    await near.kill()
    async with own_store.client() as client:
        await client.flushall()
    await near.start()

    async with watchers.at(near.stub):
        await write(near.stub, 1)
        await watchers.hold(near.stub)
        assert watchers.reasons() == [{"INITIAL": 1, "NEW_EPOCH": 1}] * 3


class OldCopy:
    """An older copy of a store's files."""

    def __init__(self, store: StoreProcess, folder: Path) -> None:
        self._store = store
        self._folder = folder

    async def take(self) -> None:
        """Stop the store, copy its files, and start it again."""
        await self._store.stop()
        shutil.copytree(self._store.data_folder, self._folder)
        await self._store.start()

    async def put_back(self) -> None:
        """Replace the present files with the old ones."""
        await self._store.stop()
        shutil.rmtree(self._store.data_folder)
        shutil.copytree(self._folder, self._store.data_folder)
        await self._store.start()


@pytest.fixture(name="copy")
def _copy(own_store: StoreProcess, tmp_path: Path) -> OldCopy:
    return OldCopy(own_store, tmp_path / "copy")


async def test_rollback_is_detected_by_both_servers(servers: Servers, copy: OldCopy) -> None:
    """All watchers get one new epoch with the old board, and then its changes."""
    near, far, _ = servers
    here, there = ScopeWatchers(), ScopeWatchers()
    await write(near.stub, 0)
    await copy.take()
    await asyncio.gather(accepts_writes(near), accepts_writes(far))
    async with here.at(near.stub), there.at(far.stub):
        old = await write(near.stub, 1, 2)
        for watcher in (*here.watchers, *there.watchers):
            await watcher.reach(old)

        await copy.put_back()

        for watcher in (*here.watchers, *there.watchers):
            await watcher.snapshot("NEW_EPOCH")
        new = await write(far.stub, 3)
        assert new.epoch != old.epoch
        for watchers in (here, there):
            await watchers.hold(near.stub)
            assert watchers.reasons() == [{"INITIAL": 1, "NEW_EPOCH": 1}] * 3


async def test_rollback_while_no_server_ran_is_detected(servers: Servers, copy: OldCopy) -> None:
    """A watcher at a later position than the store gets a snapshot with AHEAD."""
    near, far, _ = servers
    watchers = ScopeWatchers()
    await write(near.stub, 0)
    await copy.take()
    await accepts_writes(near)
    async with watchers.at(near.stub):
        await write(near.stub, 1)
        await watchers.hold(near.stub)
    await far.kill()
    await near.kill()
    await copy.put_back()
    await near.start()

    async with watchers.at(near.stub):
        await write(near.stub, 3)
        await watchers.hold(near.stub)
        assert watchers.reasons() == [{"INITIAL": 1, "AHEAD": 1}] * 3


async def test_rollback_is_detected_after_later_writes_of_others(
    servers: Servers, own_store: StoreProcess, copy: OldCopy, tmp_path: Path
) -> None:
    """A server that was disconnected meanwhile does not continue with the other history."""
    near, far, proxy = servers
    watchers = ScopeWatchers()
    await write(far.stub, 0)
    await copy.take()
    await accepts_writes(far)
    async with watchers.at(far.stub):
        old = await write(far.stub, 1)
        await watchers.hold(far.stub)
        await proxy.refuse()
        await proxy.cut()
        await near.kill()
        await copy.put_back()
        async with ServiceProcess(tmp_path / "fresh", redis_url=own_store.url) as fresh:
            new = await write(fresh.stub, 2, 3, 4)
            assert new.revision > old.revision
            await proxy.accept()

            await watchers.hold(fresh.stub)
            for reasons in watchers.reasons():
                assert reasons["NEW_EPOCH"] >= 1

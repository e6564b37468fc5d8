"""Promise 6, gap-free watches: a watch gets every change, or a snapshot if the history was lost."""

import shutil
from pathlib import Path

import grpc
import pytest

from harness.calls import add, scores, top
from harness.cluster_store import Store
from harness.load import Load
from harness.proxy import StoreProxy
from harness.service import Pair, ServiceProcess
from harness.statuses import status_of
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour, StoreProcess
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.usefixtures("on_each_listener")

_SCOPES = {"top": pb.WATCH_SCOPE_TOP, "all": pb.WATCH_SCOPE_ALL}
_ON_A_CLUSTER_TOO = on_a_cluster_too("own_store", Flavour.VALKEY)
_ON_CLUSTERS_THAT_CRASH = on_a_cluster_too("own_store", Flavour.VALKEY, is_own=True, is_slow=True)


@_ON_A_CLUSTER_TOO
@pytest.mark.parametrize("scope", _SCOPES.values(), ids=_SCOPES)
async def test_no_gap_when_the_feed_is_lost(
    pair: Pair, proxy: StoreProxy, scope: pb.WatchScope
) -> None:
    """Changes of another server whose messages were lost arrive in order."""
    async with Watcher("cup", scope=scope, limit=50) as watcher:
        await watcher.open(pair.proxied.stub)
        async with Load(pair.direct.stub, "cup") as load:
            for _ in range(5):
                await load.more_writes(60)
                await proxy.cut("SUBSCRIBE")

        board = await top(pair.direct.stub, "cup", limit=50)
        await watcher.reach(board.position)
        watcher.checker.assert_equals(board)
        assert set(watcher.checker.reasons) == {"INITIAL"}


@_ON_CLUSTERS_THAT_CRASH
async def test_no_gap_when_the_store_is_killed(service: ServiceProcess, own_store: Store) -> None:
    """A watch survives a kill of the store, and misses no change."""
    async with Watcher("cup", limit=50) as watcher:
        await watcher.open(service.stub)
        async with Load(service.stub, "cup") as load:
            await load.more_writes(100)
            await own_store.kill()
            await own_store.start()
            await load.more_writes(100)

        board = await top(service.stub, "cup", limit=50)
        await watcher.reach(board.position)
        watcher.checker.assert_equals(board)
        assert set(watcher.checker.reasons) == {"INITIAL"}


@_ON_A_CLUSTER_TOO
async def test_no_gap_when_the_service_is_killed(service: ServiceProcess) -> None:
    """A watcher that resumes after a restart gets the missed changes and no snapshot."""
    async with Watcher("cup", limit=50) as watcher:
        await watcher.open(service.stub)
        async with Load(service.stub, "cup") as load:
            await load.more_writes(100)
            await service.kill()
            await watcher.closed()
            await service.start()
            await load.more_writes(100)
        assert watcher.failure is not None

        await watcher.open(service.stub, resume_after=watcher.checker.position)
        board = await top(service.stub, "cup", limit=50)
        await watcher.reach(board.position)
        watcher.checker.assert_equals(board)
        assert set(watcher.checker.reasons) == {"INITIAL"}


@_ON_A_CLUSTER_TOO
async def test_emptied_store_is_a_new_epoch(service: ServiceProcess, own_store: Store) -> None:
    """Writers, readers and watchers get the new epoch; old positions are unreachable."""
    async with Watcher("cup") as watcher:
        await watcher.open(service.stub)
        for _ in range(5):
            old = await add(service.stub, "cup", "ada", 1)
        await watcher.reach(old.position)
        async with own_store.client() as client:
            await client.flushall()

        new = await add(service.stub, "cup", "bob", 1)

        await _assert_new_history(service, watcher, old, new)
        assert await scores(service.stub, "cup") == {"bob": 1}


async def test_rolled_back_store_is_a_new_epoch(
    service: ServiceProcess, own_store: StoreProcess, tmp_path: Path
) -> None:
    """A store with an older copy of its data gets a new epoch."""
    async with Watcher("cup") as watcher:
        await watcher.open(service.stub)
        await add(service.stub, "cup", "ada", 1)
        await own_store.stop()
        shutil.copytree(own_store.data_folder, tmp_path / "copy")
        await own_store.start()
        async with Load(service.stub, "cup", clients=1) as load:
            await load.more_writes(5)
        old = await add(service.stub, "cup", "ada", 10)
        await watcher.reach(old.position)

        await own_store.stop()
        shutil.rmtree(own_store.data_folder)
        shutil.copytree(tmp_path / "copy", own_store.data_folder)
        await own_store.start()
        async with Load(service.stub, "cup", clients=1) as load:
            await load.more_writes(1)
        new = await add(service.stub, "cup", "ada", 5)

        await _assert_new_history(service, watcher, old, new)
        assert (await scores(service.stub, "cup"))["ada"] == 6


async def _assert_new_history(
    service: ServiceProcess,
    watcher: Watcher,
    old: pb.UpdateScoreResponse,
    new: pb.UpdateScoreResponse,
) -> None:
    assert new.position.epoch != old.position.epoch
    with pytest.raises(grpc.aio.AioRpcError) as rejected:
        await top(service.stub, "cup", min_position=old.position)
    status = status_of(rejected.value)
    assert status.reason == "ERROR_REASON_POSITION_UNREACHABLE"
    assert status.metadata["epoch"] == new.position.epoch
    await watcher.reach(new.position)
    assert watcher.checker.reasons["NEW_EPOCH"] >= 1
    watcher.checker.assert_equals(await top(service.stub, "cup", limit=10))

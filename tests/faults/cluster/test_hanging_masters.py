"""A master that hangs for six seconds and comes back, after its replica took over or without it."""

import asyncio
import contextlib
import logging
from functools import partial

import grpc

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.readers import Readers
from faults.cluster.variants import on_each
from faults.cluster.writers import Writers
from harness.calls import add
from harness.cluster import ClusterStores
from harness.service import ServiceProcess
from harness.shard import Shard
from harness.waiting import eventually

_log = logging.getLogger(__name__)

_HANG_S = 6.0


@on_each()
async def test_a_master_that_comes_back_replaced_is_not_believed(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """Reads and watches never go back to the old master, and every write counts once."""
    shard = Shard(cluster, 0)
    own, others = cluster.contests(0, 4), [*cluster.contests(1, 2), *cluster.contests(2, 2)]
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=100)
    async with watches.open(), Readers(servers, own):
        async with writers.writing():
            await writers.more_writes(30)
            await _hang(shard)
            await shard.led_by(shard.replica)
            await shard.followed_by(shard.master)
            await writers.more_writes(30)
        own_pause, others_pause = writers.longest_pause(own), writers.longest_pause(others)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons(new_epochs=lost)

    _log.info("pause %.3f s, of others %.3f s, lost %s", own_pause, others_pause, dict(lost))
    writers.assert_honest()
    writers.assert_none_failed(others)


@on_each()
async def test_a_master_that_comes_back_goes_on(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """Where its replica may not take over nothing is lost, and watches need no snapshot."""
    shard = Shard(cluster, 0)
    await shard.replica.run("CONFIG SET", "cluster-replica-no-failover", "yes")
    own, others = cluster.contests(0, 4), [*cluster.contests(1, 2), *cluster.contests(2, 2)]
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=100)
    async with watches.open(), Readers(servers, own):
        async with writers.writing():
            await writers.more_writes(30)
            await _hang(shard)
            await writers.more_writes(30)
        own_pause, others_pause = writers.longest_pause(own), writers.longest_pause(others)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    _log.info("pause %.3f s, of others %.3f s", own_pause, others_pause)
    assert not lost
    writers.assert_honest()
    writers.assert_none_failed(others)


async def _hang(shard: Shard) -> None:
    shard.master.freeze()
    try:
        await asyncio.sleep(_HANG_S)
    finally:
        shard.master.thaw()


@on_each()
async def test_what_a_replaced_master_still_applies_is_not_passed_on(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """A write in its socket, which it applies and publishes when it comes back, is not seen."""
    shard = Shard(cluster, 0)
    contest_id, other = cluster.contests(0, 2)
    watches = ContestWatches(servers, [contest_id])
    async with watches.open():
        await add(servers[0].stub, contest_id, "ada", 5)
        await shard.in_step()
        shard.master.freeze()
        with contextlib.suppress(grpc.aio.AioRpcError):  # or the new master takes it
            await add(servers[0].stub, contest_id, "ada", 100)
        await shard.led_by(shard.replica)
        for server in servers:  # until it knows the new master, it may follow the old one
            await eventually(partial(_takes_writes, server, other), "a write at the new master")
        await watches.hold()
        shard.master.thaw()
        await shard.followed_by(shard.master)
        await watches.hold()
        await add(servers[1].stub, contest_id, "bob", 7)
        await watches.hold()
        watches.assert_reasons()


async def _takes_writes(server: ServiceProcess, contest_id: str) -> bool:
    try:
        await add(server.stub, contest_id, "ada", 1)
    except grpc.aio.AioRpcError:
        return False
    return True

"""A master that is cut off from the other nodes, while servers still reach it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.readers import Readers
from faults.cluster.variants import Variant, on_each
from faults.cluster.writers import Writers
from harness.bus import PartitionableCluster
from harness.service import ServiceProcess
from harness.shard import Shard

_log = logging.getLogger(__name__)

_HANG_S = 4.0
"""Longer than the time-outs of calls and polls."""


@pytest_asyncio.fixture(name="cluster")
async def _cluster(variant: Variant, tmp_path: Path) -> AsyncIterator[PartitionableCluster]:
    """Yield three masters with a replica each, which can be cut off."""
    async with PartitionableCluster(variant.flavour, tmp_path) as cluster:
        yield cluster


@on_each()
async def test_a_master_that_is_cut_off_is_not_believed(
    cluster: PartitionableCluster, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """As long as it takes itself for the master, and afterwards, servers use the new one."""
    shard = Shard(cluster, 0)
    own, others = cluster.contests(0, 4), cluster.contests(1, 2)
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=60)
    async with watches.open(), Readers(servers, own):
        async with writers.writing():
            await writers.more_writes(20)
            cluster.isolate(shard.master)
            await shard.led_by(shard.replica)
            await writers.more_writes(30)
            view = await shard.master.view()
            assert view[shard.master.node_id]["slots"], "the old master has noticed"
            cluster.heal()
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
async def test_a_master_that_is_cut_off_is_not_believed_if_it_alone_answers(
    cluster: PartitionableCluster, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """While all other nodes hang, no server goes back to what the replaced master holds."""
    shard = Shard(cluster, 0)
    own = cluster.contests(0, 4)
    watches = ContestWatches(servers, own)
    writers = Writers(servers, own, clients=20)
    async with watches.open(), Readers(servers, own):
        async with writers.writing():
            await writers.more_writes(10)
            cluster.isolate(shard.master)
            await shard.led_by(shard.replica)
            await writers.more_writes(10)
            others = [node for node in cluster.nodes if node is not shard.master]
            for node in others:
                node.freeze()
            await asyncio.sleep(_HANG_S)
            for node in others:
                node.thaw()
            await writers.more_writes(10)
            cluster.heal()
            await shard.followed_by(shard.master)
            await writers.more_writes(10)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons(new_epochs=lost)

    writers.assert_honest()

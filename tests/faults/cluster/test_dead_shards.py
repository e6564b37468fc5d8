"""Shards without any node that answers: the others go on, and all recover by themselves."""

import asyncio
import logging
import statistics
import time
from collections.abc import Iterable

import pytest

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.open_loop import OpenLoop
from faults.cluster.readers import Readers
from faults.cluster.variants import on_each
from faults.cluster.writers import Writers
from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.service import ServiceProcess
from harness.shard import Shard
from harness.waiting import eventually

_log = logging.getLogger(__name__)

_DEAD_S = 7.0
_RATE = 200.0
_QUICK_S = 0.5
"""Within this time calls for a shard fail that is known to be dead; it takes a few ms."""


@on_each()
@pytest.mark.parametrize("fault", ["killed", "hung"])
async def test_a_dead_shard_is_felt_by_its_contests_alone(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess], fault: str
) -> None:
    """Its calls fail quickly, no other call fails, and it goes on by itself with all writes."""
    shard = Shard(cluster, 2)
    own, others = cluster.contests(2, 3), [*cluster.contests(0, 6)[3:], *cluster.contests(1, 3)]
    loaded = [*cluster.contests(0, 3), *cluster.contests(1, 6)[3:]]
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=27)
    async with watches.open(), Readers(servers, own), OpenLoop(servers, loaded, rate=_RATE) as load:
        async with writers.writing():
            await writers.more_writes(20)
            begun = time.monotonic()
            await asyncio.sleep(_DEAD_S)
            died = time.monotonic()
            await _while_dead(shard, fault, servers)
            back = time.monotonic()
            await writers.more_writes(20)
            back_after = next(
                write.at - back
                for write in writers.writes
                if write.at > back and write.request.contest_id in own
            )
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    failed_after = [failure.seconds for failure in writers.failures]
    _log.info(
        "%s: p99 of others %.1f ms before, %.1f ms during; own calls failed after %.1f ms (median),"
        " %.0f ms (at most); back after %.2f s",
        fault,
        load.percentile(0.99, begun, died) * 1000,
        load.percentile(0.99, died, back) * 1000,
        statistics.median(failed_after) * 1000,
        max(failed_after) * 1000,
        back_after,
    )
    assert not lost
    load.assert_none_failed()
    writers.assert_honest()
    writers.assert_none_failed(others)
    assert min(failed_after) < _QUICK_S


async def _while_dead(shard: Shard, fault: str, servers: Iterable[ServiceProcess]) -> None:
    """Let a shard be dead for a while, and check that both servers go on serving."""
    nodes = (shard.master, shard.replica)
    for node in nodes:
        if fault == "killed":
            await node.kill()
        else:
            node.freeze()
    until = time.monotonic() + _DEAD_S
    while time.monotonic() < until:
        for server in servers:
            assert await server.health() == "SERVING"
        await asyncio.sleep(0.2)
    for node in nodes:
        if fault == "killed":
            await node.start()
        else:
            node.thaw()


@on_each()
async def test_all_shards_die_and_come_back(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """Servers are NOT_SERVING meanwhile, recover by themselves, and nothing is lost."""
    contests = [name for number in range(3) for name in cluster.contests(number, 2)]
    watches = ContestWatches(servers, contests)
    writers = Writers(servers, contests, clients=30)
    async with watches.open(), Readers(servers, contests):
        async with writers.writing():
            await writers.more_writes(20)
            await asyncio.gather(*(node.kill() for node in cluster.nodes))
            await _all_become(servers, "NOT_SERVING")
            await _start_all(cluster.masters)
            await _start_all(cluster.replicas)
            await _all_become(servers, "SERVING")
            await writers.more_writes(20)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    assert not lost
    writers.assert_honest()


async def _start_all(nodes: Iterable[ClusterNodeProcess]) -> None:
    await asyncio.gather(*(node.start() for node in nodes))


async def _all_become(servers: Iterable[ServiceProcess], state: str) -> None:
    async def all_are() -> bool:
        return {await server.health() for server in servers} == {state}

    await eventually(all_are, f"{state} from all servers", within=20)

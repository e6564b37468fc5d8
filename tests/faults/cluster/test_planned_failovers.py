"""Failovers that an operator orders: with the consent of the master, and without."""

import logging

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.readers import Readers
from faults.cluster.variants import on_each
from faults.cluster.writers import Writers
from harness.cluster import ClusterStores
from harness.service import ServiceProcess
from harness.shard import Shard
from harness.stores import Flavour

_log = logging.getLogger(__name__)


@on_each(short=Flavour.VALKEY)
async def test_a_planned_failover_loses_nothing(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """There and back under load, every write counts once, and watches need no snapshot."""
    shard = Shard(cluster, 1)
    own, others = cluster.contests(1, 4), cluster.contests(2, 2)
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=60)
    async with watches.open(), Readers(servers, own):
        async with writers.writing():
            for to, back in ((shard.replica, shard.master), (shard.master, shard.replica)):
                await writers.more_writes(20)
                await shard.followed_by(to)
                await to.run("CLUSTER FAILOVER")
                await shard.led_by(to)
                await shard.followed_by(back)
            await writers.more_writes(20)
        own_pause, others_pause = writers.longest_pause(own), writers.longest_pause(others)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    _log.info("pause %.3f s, of others %.3f s", own_pause, others_pause)
    assert not lost
    writers.assert_honest()
    writers.assert_none_failed(others)


@on_each()
async def test_a_takeover_says_what_it_lost(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """A replica that takes over without asking may lack writes: those contests, and no others."""
    shard = Shard(cluster, 1)
    own, others = cluster.contests(1, 4), cluster.contests(2, 2)
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=100)
    async with watches.open(), Readers(servers, own):
        async with writers.writing():
            await writers.more_writes(30)
            await shard.replica.run("CLUSTER FAILOVER", "TAKEOVER")
            await shard.led_by(shard.replica)
            await shard.followed_by(shard.master)
            await writers.more_writes(30)
        own_pause, others_pause = writers.longest_pause(own), writers.longest_pause(others)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons(new_epochs=lost)

    _log.info("pause %.3f s, of others %.3f s, lost %s", own_pause, others_pause, dict(lost))
    assert set(lost) <= set(own)
    writers.assert_honest()
    writers.assert_none_failed(others)

"""A master that is killed under load: its replica takes over, and the other shards go on."""

import logging

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.readers import Readers
from faults.cluster.variants import on_each
from faults.cluster.writers import Writers
from harness.cluster import NODE_TIMEOUT_MS, ClusterStores
from harness.service import ServiceProcess
from harness.shard import Shard
from harness.stores import Flavour

_log = logging.getLogger(__name__)

_BUSY = 4
"""How much slower the machine of the tests may be than what is promised."""
_OTHERS_PAUSE_S = 0.5
_OWN_PAUSE_S = NODE_TIMEOUT_MS / 1000 + 3


@on_each(short=Flavour.VALKEY)
async def test_nothing_is_lost_or_doubled_when_a_master_is_killed(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """Every write counts once after its repetition, in its order; others' contests go on."""
    shard = Shard(cluster, 1)
    own, others = cluster.contests(1, 3), [*cluster.contests(0, 3), *cluster.contests(2, 3)]
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=100)
    async with watches.open(), Readers(servers, own):
        async with writers.writing():
            await writers.more_writes(30)
            await shard.master.kill()
            await shard.led_by(shard.replica)
            await writers.more_writes(30)
        own_pause, others_pause = writers.longest_pause(own), writers.longest_pause(others)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons(new_epochs=lost)

    _log.info("pause %.3f s, of others %.3f s, lost %s", own_pause, others_pause, dict(lost))
    writers.assert_honest()
    writers.assert_none_failed(others)
    assert set(lost) <= set(own)
    assert others_pause < _OTHERS_PAUSE_S * _BUSY
    assert own_pause < _OWN_PAUSE_S * _BUSY

"""A replica that lags and takes over: what it lacked is lost, and said to be."""

import logging
from collections import Counter

import grpc
import pytest

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.readers import Readers
from faults.cluster.variants import on_each
from faults.cluster.writers import Writers
from harness.calls import top
from harness.cluster import ClusterStores
from harness.service import ServiceProcess
from harness.shard import Shard
from harness.statuses import status_of
from harness.stores import Flavour

_log = logging.getLogger(__name__)


@on_each(short=Flavour.REDIS)
async def test_contests_that_lost_writes_begin_a_new_epoch(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """Exactly the writes that the replica lacked are lost, and count once when repeated."""
    shard = Shard(cluster, 0)
    losing, keeping = cluster.contests(0, 3), [*cluster.contests(0, 6)[3:], *cluster.contests(1, 2)]
    watches = ContestWatches(servers, [*losing, *keeping])
    writers = Writers(servers, [*losing, *keeping], clients=40)
    async with watches.open(), Readers(servers, losing):
        async with writers.writing():
            await writers.more_writes(10)
        await shard.in_step()
        await shard.stop_replication()
        before = len(writers.writes)
        async with writers.writing(losing):
            await writers.more_writes(10, losing)
        lag = Counter(write.request.contest_id for write in writers.writes[before:])
        await watches.hold()
        latest = writers.writes[-1]
        await shard.master.kill()
        await shard.led_by(shard.replica)
        await watches.until_new_epochs(losing)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons(new_epochs=losing)

    _log.info("lost %d of %d, lag %d", lost.total(), len(writers.writes), lag.total())
    assert lost == lag
    with pytest.raises(grpc.aio.AioRpcError) as rejected:
        await top(servers[0].stub, latest.request.contest_id, min_position=latest.answer.position)
    assert status_of(rejected.value).reason == "ERROR_REASON_POSITION_UNREACHABLE"


@on_each()
async def test_a_replica_that_hung_takes_over_under_load(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """At most what was written meanwhile is lost, and each contest says whether it lost any."""
    shard = Shard(cluster, 2)
    own, others = cluster.contests(2, 6), cluster.contests(0, 2)
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=100)
    async with watches.open(), Readers(servers, own):
        async with writers.writing():
            await writers.more_writes(30)
            before = len(writers.writes)
            shard.replica.freeze()
            await writers.more_writes(60)
            await shard.master.kill()
            lag = Counter(write.request.contest_id for write in writers.writes[before:])
            shard.replica.thaw()
            await shard.led_by(shard.replica)
            await writers.more_writes(30)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons(new_epochs=lost)

    _log.info("lost %s, lag %s", dict(lost), dict(lag))
    writers.assert_honest()
    writers.assert_none_failed(others)
    assert set(lost) <= set(own)
    assert all(lost[contest_id] <= lag[contest_id] for contest_id in own)

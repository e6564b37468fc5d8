"""A slot whose move key by key was begun and is not ended: it is open at both nodes."""

import logging

import pytest
from redis.crc import key_slot

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.readers import Readers
from faults.cluster.variants import on_each
from faults.cluster.writers import Writers
from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.service import ServiceProcess
from harness.shard import Shard
from harness.slot_move import SlotMove
from harness.stores import Flavour
from leaderboard_server.storage import keys

_log = logging.getLogger(__name__)


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param("no key", marks=pytest.mark.slow),
        "half of the keys",
        pytest.param("all keys", marks=pytest.mark.slow),
    ],
)
@on_each(short=Flavour.REDIS)
async def test_an_open_slot_concerns_its_contests_alone(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess], moved: str
) -> None:
    """These are served or unavailable, and never wrong; once the slot is closed all goes on."""
    own, *others = cluster.contests(0, 3)
    watches = ContestWatches(servers, [own, *others])
    writers = Writers(servers, [own, *others], clients=12)
    async with (
        watches.open(),
        Readers(servers, [own, *others]),
        SlotMove(key_slot(own.encode()), *cluster.masters[:2]) as move,
    ):
        async with writers.writing():
            await writers.more_writes(5)
            await move.open()
            if moved != "no key":
                names = await move.keys()
                await move.move_keys(*names[: len(names) // (2 if moved.startswith("half") else 1)])
            await writers.more_writes(50, others)
            if moved == "no key":
                await move.leave()
            else:
                await move.move_keys()
                await move.give()
            await writers.more_writes(5)
        others_pause = writers.longest_pause(others)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    refused = [failure.seconds for failure in writers.failures]
    longest = max(refused, default=0.0)
    _log.info("refused %d, within %.3f s; others %.3f s", len(refused), longest, others_pause)
    assert not lost
    writers.assert_honest()
    writers.assert_none_failed(others)


@on_each(short=Flavour.REDIS)
async def test_a_failover_leaves_no_half_of_a_contest(
    cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """A replica of Redis knows nothing of the move: what it lacks must not count as not written."""
    shard = Shard(cluster, 0)
    own, *others = cluster.contests(0, 3)
    target, slot = cluster.masters[1], key_slot(own.encode())
    watches = ContestWatches(servers, [own, *others])
    writers = Writers(servers, [own, *others], clients=12)
    async with watches.open(), Readers(servers, [own, *others]):
        async with writers.writing():
            await writers.more_writes(5)
            async with SlotMove(slot, shard.master, target) as move:
                await move.open()
                await move.move_keys(keys.users(own))
            await writers.more_writes(50, others)
            await shard.replica.run("CLUSTER FAILOVER")
            await shard.led_by(shard.replica)
            await writers.more_writes(50, others)
            await _end_move(slot, shard, target)
            await writers.more_writes(5)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    assert not lost
    writers.assert_honest()


async def _end_move(slot: int, shard: Shard, target: ClusterNodeProcess) -> None:
    """End a move whose source was replaced, as `redis-cli --cluster fix` does."""
    if shard.replica.flavour is Flavour.VALKEY:  # its replica goes on with the move
        async with SlotMove(slot, shard.replica, target) as move:
            await move.move_keys()
            await move.give()
        return
    # The node that was taking the slot does not learn by itself of the new owner.
    await target.run("CLUSTER SETSLOT", slot, "NODE", shard.replica.node_id)
    async with SlotMove(slot, target, shard.replica) as back:
        await back.move_keys()
        await back.leave()

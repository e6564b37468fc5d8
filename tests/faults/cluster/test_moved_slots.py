"""Slots that move to another master under load: key by key, and atomically as Valkey 9 can."""

import logging

from redis.crc import key_slot

from faults.cluster.contest_watches import ContestWatches
from faults.cluster.readers import Readers
from faults.cluster.variants import Variant, on_each
from faults.cluster.writers import Writers
from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.service import ServiceProcess
from harness.slot_move import SlotMove, migrate_atomically
from harness.stores import Flavour

_log = logging.getLogger(__name__)

SLOTS = 20


def _in_slots_of_their_own(cluster: ClusterStores, shard: int, count: int) -> dict[int, str]:
    """Return contests of a shard by slot."""
    found = {key_slot(name.encode()): name for name in cluster.contests(shard, 2 * count)}
    return dict(list(found.items())[:count])


async def _move_key_by_key(
    source: ClusterNodeProcess, target: ClusterNodeProcess, slots: list[int]
) -> None:
    for slot in slots:
        async with SlotMove(slot, source, target) as move:
            await move.complete()


@on_each(short=Flavour.VALKEY)
async def test_moved_slots_lose_nothing(
    variant: Variant, cluster: ClusterStores, servers: tuple[ServiceProcess, ServiceProcess]
) -> None:
    """There and back under load, every write counts once, and watches need no snapshot.

    Other shards notice nothing; where slots move atomically, nor do the moved contests.
    """
    moved, others = _in_slots_of_their_own(cluster, 0, SLOTS), cluster.contests(2, 2)
    slots, own = list(moved), list(moved.values())
    first, second = cluster.masters[:2]
    watches = ContestWatches(servers, [*own, *others])
    writers = Writers(servers, [*own, *others], clients=66)
    async with watches.open(), Readers(servers, own[:4]):
        async with writers.writing():
            await writers.more_writes(3)
            await _move_key_by_key(first, second, slots)
            await writers.more_writes(3)
            refused = len(writers.failures)
            if variant.flavour is Flavour.VALKEY:
                await migrate_atomically(second, first, slots)
            else:
                await _move_key_by_key(second, first, slots)
            await writers.more_writes(3)
        own_pause, others_pause = writers.longest_pause(own), writers.longest_pause(others)
        lost = await writers.repeat_all()
        await writers.assert_exact()
        await watches.hold()
        watches.assert_reasons()

    _log.info("pause %.3f s, of others %.3f s, refused %d", own_pause, others_pause, refused)
    assert not lost
    writers.assert_honest()
    writers.assert_none_failed(others)
    if variant.flavour is Flavour.VALKEY:
        assert len(writers.failures) == refused, writers.failures[refused]

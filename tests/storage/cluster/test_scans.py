"""Scans for all contests of a cluster, while slots move from node to node."""

from collections.abc import Sequence

import pytest
from redis.crc import key_slot

from harness.cluster import ClusterStores
from harness.slot_move import SlotMove, migrate_atomically
from harness.stores import Flavour
from harness.uncounted import store_instruments
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.contests import contest_ids
from leaderboard_server.storage.store import Retention, Store


async def _begin(backend: ClusterBackend, contests: Sequence[str]) -> None:
    store = Store(backend.writes, backend.reads, Retention(), store_instruments(), in_cluster=True)
    for contest_id in contests:
        await store.commit(contest_id, [ScoreUpdate(contest_id, "ada", 1)])


async def _scan_and_move(
    cluster: ClusterStores, backend: ClusterBackend, how: str, number: int
) -> None:
    """Scan; move a contest to the first shard once that is scanned, and others are not yet."""
    (early,) = cluster.contests(0, 1)
    late = cluster.contests(1, number + 1)[number]
    await _begin(backend, [early, late])
    first, second = cluster.masters[:2]
    slot, found = key_slot(late.encode()), list[str]()
    async with SlotMove(slot, second, first) as move:
        async for contest_id in contest_ids(backend.reads):
            if contest_id == early:
                if how == "atomically":
                    await migrate_atomically(second, first, [slot])
                else:
                    await move.open()
                    await move.move_keys()
                if how == "key by key":
                    await move.give()
            found.append(contest_id)
        if how == "left open":
            await move.give()

    assert found.count(late) == 1
    assert found.count(early) == 1


@pytest.mark.parametrize("how", ["key by key", "left open"])
async def test_a_contest_that_moves_meanwhile_is_found(
    shared_cluster: ClusterStores, backend: ClusterBackend, how: str
) -> None:
    """Once, also if it has moved to a node that was read before, from one that is read later."""
    await _scan_and_move(shared_cluster, backend, how, ["key by key", "left open"].index(how))


@pytest.mark.parametrize("shared_cluster", [Flavour.VALKEY], indirect=True)
async def test_a_contest_that_moves_atomically_is_found(
    shared_cluster: ClusterStores, backend: ClusterBackend
) -> None:
    """Once, as by the older way."""
    await _scan_and_move(shared_cluster, backend, "atomically", 2)

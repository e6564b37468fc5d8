"""Entries of the registry that a replica lacked when it took over."""

from redis.crc import key_slot

from harness.cluster import ClusterStores
from harness.slot_move import SlotMove
from harness.uncounted import store_instruments, sweep_instruments
from harness.waiting import eventually
from leaderboard_server.contests.deletion import ExpirySweep
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage import keys
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.store import Retention, Store


async def test_a_contest_whose_entry_was_lost_is_registered_again(
    shared_cluster: ClusterStores, backend: ClusterBackend
) -> None:
    """The next sweep does it, since the contest may have no commit any more."""
    store = Store(backend.writes, backend.reads, Retention(), store_instruments(), in_cluster=True)
    contest_id = shared_cluster.contests(0, 30)[-1]
    entries = keys.registry_of(contest_id)
    await store.commit(contest_id, [ScoreUpdate(contest_id, "ada", 1)])
    source = next(
        node
        for node in shared_cluster.masters
        if str(node.port) in str(backend.writes.shard_of(entries))
    )
    target = next(node for node in shared_cluster.masters if node is not source)
    async with source.client() as client:
        await client.zrem(entries, contest_id)
    async with SlotMove(key_slot(entries.encode()), source, target) as move:
        await move.complete()
    sweep = ExpirySweep(
        store.registry, store.contests, sweep_instruments(), store.shard_of, interval_s=0.01
    )

    sweep.start()

    async def is_registered() -> bool:
        async with target.client() as client:
            return await client.zscore(entries, contest_id) is not None

    await eventually(is_registered, "the entry")
    await sweep.close()

"""Faults of a cluster that lose no acknowledged write: masters that change, slots that move."""

import asyncio
import itertools
from collections.abc import Iterable

from redis.crc import key_slot

from harness.cluster import ClusterNodeProcess
from harness.cluster_store import ClusterStore
from harness.slot_move import SlotMove, migrate_atomically
from harness.stores import Flavour
from harness.waiting import eventually

_Shard = tuple[ClusterNodeProcess, ClusterNodeProcess]
"""The master of a shard at present, and its replica."""


class ClusterFaults:
    """Injects faults into a cluster, and waits each time until it is complete and in sync again."""

    def __init__(self, cluster: ClusterStore) -> None:
        self._cluster = cluster
        self._turn = itertools.count()

    async def kill_master(self) -> None:
        """Kill a master, another one each time; it becomes the replica of its replica."""
        shards = await self._shards()
        master, replica = shards[next(self._turn) % len(shards)]
        await eventually(lambda: _in_step(master, replica), "a replica in sync")
        await master.kill()
        await eventually(lambda: _is_master(replica), "another master")
        await master.start()
        await self._complete()

    async def fail_over(self) -> None:
        """Have the replica of every shard take over from its master, which waits for that."""
        shards = await self._shards()
        for _, replica in shards:
            await replica.run("CLUSTER FAILOVER")
        for _, replica in shards:
            await eventually(lambda: _is_master(replica), "another master")  # noqa: B023
        await self._complete()

    async def move_slots(self, contest_ids: Iterable[str]) -> None:
        """Move the slots of contests to another master, each in one of the ways that there are."""
        for number, contest_id in enumerate(contest_ids):
            slot = key_slot(contest_id.encode())
            masters = [master for master, _ in await self._shards()]
            (source,) = [node for node in masters if slot in await _slots(node)]
            target = masters[masters.index(source) - 1]
            if number % 2 and self._cluster.flavour is Flavour.VALKEY:
                await migrate_atomically(source, target, range(slot, slot + 1))
            else:
                async with SlotMove(slot, source, target) as move:
                    await move.complete()
        await self._complete()

    async def _shards(self) -> list[_Shard]:
        nodes = {node.node_id: node for node in self._cluster.nodes}
        view = await self._cluster.nodes[0].view()
        return [
            (nodes[fields["master_id"]], nodes[node_id])
            for node_id, fields in view.items()
            if fields["master_id"] in nodes
        ]

    async def _complete(self) -> None:
        await eventually(self._cluster.is_complete, "a complete cluster", within=30)


async def _is_master(node: ClusterNodeProcess) -> bool:
    return bool(await _slots(node))


async def _slots(node: ClusterNodeProcess) -> set[int]:
    """Return the slots that a node serves."""
    view = await node.view()
    return {
        slot
        for served in view[node.node_id]["slots"]
        for slot in range(int(served[0]), int(served[-1]) + 1)
    }


async def _in_step(master: ClusterNodeProcess, replica: ClusterNodeProcess) -> bool:
    """Return whether the replica has replicated all writes of the master."""
    ahead, behind = await asyncio.gather(
        master.run("INFO", "replication"), replica.run("INFO", "replication")
    )
    is_linked = behind["master_link_status"] == "up"
    return is_linked and bool(behind["slave_repl_offset"] == ahead["master_repl_offset"])

"""Faults of a cluster that lose no acknowledged write: masters that change, slots that move."""

import asyncio
import itertools

from harness.cluster import ClusterNodeProcess
from harness.cluster_store import ClusterStore
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
    view = await node.view()
    return bool(view[node.node_id]["slots"])


async def _in_step(master: ClusterNodeProcess, replica: ClusterNodeProcess) -> bool:
    """Return whether the replica has replicated all writes of the master."""
    ahead, behind = await asyncio.gather(
        master.run("INFO", "replication"), replica.run("INFO", "replication")
    )
    is_linked = behind["master_link_status"] == "up"
    return is_linked and bool(behind["slave_repl_offset"] == ahead["master_repl_offset"])

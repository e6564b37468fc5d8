"""A shard of a cluster under test: its replication, and the change of its master."""

from typing import Any

from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.waiting import eventually


class Shard:
    """The master that a shard had at the beginning, and its replica.

    Attributes:
        number: Its number in the cluster, from 0.
        master: The first master.
        replica: Its replica.
    """

    def __init__(self, cluster: ClusterStores, number: int) -> None:
        self.number = number
        self.master = cluster.masters[number]
        self.replica = cluster.replicas[number]
        others = [node for node in cluster.masters if node is not self.master]
        self._witness = others[-1]

    async def in_step(self) -> None:
        """
        Wait until the replica has replicated all writes of the master.

        Raises:
            AssertionError: It doesn't.
        """

        async def same() -> bool:
            behind = await self.replica.run("INFO", "replication")
            ahead = await self.master.run("INFO", "replication")
            linked = behind["master_link_status"] == "up"
            return linked and bool(behind["slave_repl_offset"] == ahead["master_repl_offset"])

        await eventually(same, "a replica in sync")

    async def stop_replication(self) -> None:
        """Disconnect the replica from the master, for good; it still takes over."""
        await self.replica.run("CONFIG SET", "masterauth", "not-the-password")
        await self.master.run("CLIENT KILL", "TYPE", "replica")

        async def alone() -> bool:
            return int((await self.master.run("INFO", "replication"))["connected_slaves"]) == 0

        await eventually(alone, "the end of the replication")

    async def led_by(self, node: ClusterNodeProcess, *, within: float = 20.0) -> None:
        """
        Wait until a node, and the master of another shard, know it as the master of this one.

        Raises:
            AssertionError: They don't.
        """

        async def leads() -> bool:
            views = [await each.view() for each in (node, self._witness)]
            return all(view[node.node_id]["slots"] for view in views)

        await eventually(leads, "the other node as the master", within=within)

    async def followed_by(self, node: ClusterNodeProcess, *, within: float = 20.0) -> None:
        """
        Wait until a node is a replica that is in sync.

        Raises:
            AssertionError: It isn't.
        """

        async def follows() -> bool:
            info = await node.run("INFO", "replication")
            return bool(info["role"] == "slave" and info["master_link_status"] == "up")

        await eventually(follows, "a replica in sync", within=within)


async def revision_at(node: ClusterNodeProcess, contest_id: str) -> int:
    """Return the revision that a node holds of a contest, also a replica; 0 for none."""
    async with node.client() as client:
        run: Any = client.execute_command
        # Both in one write, since READONLY is for the connection.
        await run("READONLY")
        found = await run("HGET", f"leaderboard:contest:{{{contest_id}}}:meta", "revision")
    return int(found or 0)

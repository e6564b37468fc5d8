"""Runs a cluster of three masters and their replicas, moves slots in it, and breaks it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis.asyncio
import redis.exceptions
from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS
from redis.crc import key_slot

from harness.ports import free_port
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually

NODE_TIMEOUT_MS = 1_000
"""After this time without an answer a master is replaced."""


class ClusterNodeProcess(StoreProcess):
    """
    A node of a cluster.

    Attributes:
        node_id: Its id in the cluster.
    """

    def __init__(self, flavour: Flavour, folder: Path, **settings: str) -> None:
        super().__init__(
            flavour,
            folder,
            cluster_enabled="yes",
            cluster_config_file="nodes.conf",
            cluster_node_timeout=str(NODE_TIMEOUT_MS),
            cluster_port=str(free_port()),
            cluster_require_full_coverage="no",
            repl_diskless_sync_delay="0",
            **settings,
        )
        self.bus_port = int(self._more_settings["cluster_port"])
        self.node_id = ""

    def move(self) -> None:
        """Have other ports from the next start on, as a node with another address."""
        self.port, self.bus_port = free_port(), free_port()
        self._more_settings["cluster_port"] = str(self.bus_port)

    async def run(self, *command: str | int) -> Any:
        """Return the reply to a command, as the driver parses it."""
        async with self.client() as client:
            execute: Any = client.execute_command
            return await execute(*command)

    async def view(self) -> dict[str, dict[str, Any]]:
        """Return what the node knows of the cluster, by node id."""
        reply = await self.run("CLUSTER NODES")
        return {fields["node_id"]: fields for fields in reply.values()}


class ClusterStores:
    """
    A cluster; `nodes` are first the masters, in the order of their slots, and then their replicas.

    As a context manager it starts with the block, complete and in sync, and ends with it.
    """

    def __init__(self, flavour: Flavour, folder: Path, masters: int = 3, **settings: str) -> None:
        self.flavour = flavour
        self._folder = folder
        self._settings = settings
        self._masters = masters
        self.nodes = [self._new_node(number) for number in range(2 * masters)]

    @property
    def url(self) -> str:
        """The URL of the cluster, as the service takes it, with two seeds."""
        seeds = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes[:2])
        return f"redis+cluster://{seeds}"

    @property
    def masters(self) -> Sequence[ClusterNodeProcess]:
        """The nodes that were masters at the beginning."""
        return self.nodes[: self._masters]

    @property
    def replicas(self) -> Sequence[ClusterNodeProcess]:
        """Their replicas, in the same order."""
        return self.nodes[self._masters : 2 * self._masters]

    async def __aenter__(self) -> Self:
        try:
            await self._form()
        except BaseException:
            self.end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    def end(self) -> None:
        """End all nodes, whatever their state."""
        for node in self.nodes:
            node.end()

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[redis.asyncio.RedisCluster]:
        """Open a plain client of the cluster that returns text."""
        client = redis.asyncio.RedisCluster(
            host="127.0.0.1", port=self.nodes[0].port, decode_responses=True
        )
        async with client:
            yield client

    def master_of(self, contest_id: str) -> ClusterNodeProcess:
        """Return the node that was the master of a contest at the beginning."""
        return self.masters[self.shard_of(contest_id)]

    def shard_of(self, contest_id: str) -> int:
        """Return the number of the shard, from 0, that had a contest at the beginning."""
        return next(
            number
            for number in range(self._masters)
            if key_slot(contest_id.encode()) in _share(number, self._masters)
        )

    def contests(self, shard: int, count: int) -> list[str]:
        """Return ids of contests that a shard had at the beginning."""
        found = (f"c{number}" for number in range(100_000))
        of_shard = (name for name in found if self.shard_of(name) == shard)
        return [next(of_shard) for _ in range(count)]

    async def add_node(self) -> ClusterNodeProcess:
        """Start a further node, and wait until all know it as a master without slots."""
        node = await self.start_node()
        await self.nodes[0].run("CLUSTER MEET", "127.0.0.1", node.port, node.bus_port)
        await eventually(self.all_know_all, "a node that all know", within=20)
        return node

    async def start_node(self) -> ClusterNodeProcess:
        """Start a further node that is not part of the cluster yet."""
        node = self._new_node(len(self.nodes))
        self.nodes.append(node)
        await node.start()
        node.node_id = await node.run("CLUSTER MYID")
        return node

    def _new_node(self, number: int) -> ClusterNodeProcess:
        return ClusterNodeProcess(self.flavour, self._folder / f"node-{number}", **self._settings)

    async def _form(self) -> None:
        await asyncio.gather(*(node.start() for node in self.nodes))
        for number, node in enumerate(self.nodes):
            node.node_id = await node.run("CLUSTER MYID")
            await node.run("CLUSTER SET-CONFIG-EPOCH", number + 1)
        for number, master in enumerate(self.masters):
            share = _share(number, self._masters)
            await master.run("CLUSTER ADDSLOTSRANGE", share.start, share.stop - 1)
        first, *others = self.nodes
        for node in others:
            await first.run("CLUSTER MEET", "127.0.0.1", node.port, node.bus_port)
        await eventually(self.all_know_all, "nodes that know each other", within=20)
        for master, replica in zip(self.masters, self.replicas, strict=True):
            await replica.run("CLUSTER REPLICATE", master.node_id)
        await eventually(self._is_complete, "a complete cluster", within=20)

    async def all_know_all(self) -> bool:
        """Return whether each node knows all nodes."""
        ids = {node.node_id for node in self.nodes}
        views = await asyncio.gather(*(node.view() for node in self.nodes))
        return all(
            view.keys() >= ids and not any("handshake" in of["flags"] for of in view.values())
            for view in views
        )

    async def _is_complete(self) -> bool:
        """Return whether all nodes see all slots, and each replica is in sync."""
        replicas = {replica.node_id for replica in self.replicas}
        for node in self.nodes:
            info = await node.run("CLUSTER INFO")
            view = await node.view()
            if info["cluster_state"] != "ok" or not all(
                "slave" in view[node_id]["flags"] for node_id in replicas
            ):
                return False
        links = [await replica.run("INFO", "replication") for replica in self.replicas]
        return all(link["master_link_status"] == "up" for link in links)


def _share(number: int, masters: int) -> range:
    """Return the slots of a shard."""
    return range(SLOTS * number // masters, SLOTS * (number + 1) // masters)

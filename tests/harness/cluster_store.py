"""Runs a cluster that tests handle like one store."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, TypeAlias

from redis.exceptions import ConnectionError as ConnectionLost

from harness.cluster import ClusterStores
from harness.stores import StoreProcess
from harness.waiting import eventually


class ClusterStore(ClusterStores):
    """A cluster with the methods of `StoreProcess`: all its nodes start, crash or hang together."""

    @property
    def ports(self) -> tuple[int, ...]:
        """The port of each node."""
        return tuple(node.port for node in self.nodes)

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[Any]:
        """Open a plain client that returns text; tests use the methods that one of a node has."""
        async with super().client() as client:
            yield client

    async def start(self) -> None:
        """Start the nodes, with their data if they ran before, and wait until all slots serve."""
        if not self.nodes[0].node_id:
            await self._form()
            return
        await asyncio.gather(*(node.start() for node in self.nodes))
        await eventually(self.is_complete, "a complete cluster", within=30)

    async def kill(self) -> None:
        """End all nodes with SIGKILL, as the loss of power would."""
        await asyncio.gather(*(node.kill() for node in self.nodes))

    def freeze(self) -> None:
        """Freeze all nodes."""
        for node in self.nodes:
            node.freeze()

    def thaw(self) -> None:
        """Resume all nodes."""
        for node in self.nodes:
            node.thaw()

    async def end_feeds(self) -> None:
        """End all connections that have subscribed to channels."""
        for node in self.nodes:
            await node.end_feeds()

    async def is_complete(self) -> bool:
        """Return whether all nodes serve all slots, and each one that is a replica is in sync."""
        try:
            infos = [await node.run("CLUSTER INFO") for node in self.nodes]
            links = [await node.run("INFO", "replication") for node in self.nodes]
        except ConnectionLost:
            return False
        return all(info["cluster_state"] == "ok" for info in infos) and all(
            link["role"] == "master" or link["master_link_status"] == "up" for link in links
        )


Store: TypeAlias = StoreProcess | ClusterStore
"""A store of a test."""

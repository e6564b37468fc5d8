"""Sends each command to the node of a cluster that serves the slot of its key."""

import asyncio
from collections.abc import Awaitable
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal

from redis.crc import key_slot
from redis.exceptions import ConnectionError as ConnectionLost

from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.node import ClusterNode
from leaderboard_server.storage.pipelined_connection import OPEN_TIMEOUT_S
from leaderboard_server.storage.resp_protocol import Argument, ReplyReceiver
from leaderboard_server.storage.store_connection import Layout

_KEY = 3
"""The position of the first key in EVALSHA and EVAL, the commands of all scripts."""
_CACHED_KEYS = 32_768
"""How many keys have their slot cached: of each contest two are the first of a command."""


@lru_cache(_CACHED_KEYS)
def slot_of(key: str) -> int:
    """Return the slot of a key or channel."""
    return key_slot(key.encode())


class ClusterConnection:
    """A connection to all nodes of a cluster; implements `StoreConnection` for scripts.

    On each node it uses the connection of its kind.
    """

    def __init__(self, cluster: Cluster, kind: Literal["writes", "reads"]) -> None:
        self._cluster = cluster
        self._of = attrgetter(kind)

    def call(self, *command: Argument) -> Awaitable[Any]:
        """Return the reply to a script; see `StoreConnection.call`.

        Raises:
            Redirected: The node did not run it, and says so.

            ConnectionLost: No node is known to serve the slot, or the connection was lost.

            OSError: The node does not answer its polls; the script was not sent.

            RedisError: Likewise, with a cause of its own.
        """
        node = self._node(command)
        if node is None or node.away:
            return self._call_later(command)
        reply: Awaitable[Any] = self._of(node).call(*command)
        return reply

    async def _call_later(self, command: tuple[Argument, ...]) -> Any:
        """Send a script once it is known which node serves its slot, if that one answers."""
        await self._wait_for_nodes()
        node = self._node(command)
        if node is None:
            raise self._cluster.no_owner()
        if node.away:
            raise node.away()
        return await self._of(node).call(*command)

    def send(self, command: tuple[Argument, ...], receiver: ReplyReceiver) -> bool:
        """Send a script if the connection to its node is open; see `StoreConnection.send`."""
        node = self._node(command)
        if node is None or node.away:
            return False
        sent: bool = self._of(node).send(command, receiver)
        return sent

    def _node(self, command: tuple[Argument, ...]) -> ClusterNode | None:
        return self.shard_of(command[_KEY])  # type: ignore[arg-type]  # keys are strings

    def shard_of(self, key: str) -> ClusterNode | None:
        """Return the node that serves the slot of a key, None if none is known to."""
        return self._cluster.owners[slot_of(key)]

    async def layout(self) -> Layout:
        """Return how the keys are spread over the nodes, by what these know now.

        Raises:
            ConnectionLost: No node is known to serve some of the slots.

            Exception: No node answers; as `call`.
        """
        await self._wait_for_nodes()
        cluster = self._cluster
        await cluster.refresh()
        if None in cluster.owners:
            raise cluster.no_owner()
        shards = tuple(self._of(node) for node in cluster.masters)
        return Layout(shards, cluster.version, bool(cluster.open_slots))

    async def _wait_for_nodes(self) -> None:
        """Wait until it is known which nodes serve slots, or that none of them answers.

        Raises:
            ConnectionLost: It took too long.
        """
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await self._cluster.asked()
        except TimeoutError:
            raise ConnectionLost("no node of the cluster answers") from None

"""The feed: delivers the commits of all followed contests, by pub/sub.

On one node it is one connection. In a cluster it is one to each node that serves slots, and each
channel is subscribed to on the node of its slot, by sharded pub/sub.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from leaderboard_server.replication.feed_connection import (
    PLAIN,
    CommitReceiver,
    FeedConnection,
    PubSub,
)
from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.storage import keys
from leaderboard_server.storage.backend import Backend, SingleBackend
from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.connection import slot_of
from leaderboard_server.storage.cluster.node import ClusterNode
from leaderboard_server.tasks import TaskSet

RESUBSCRIBE_S = 0.1
"""Delay before a channel is subscribed to again whose node is not known yet, or has changed."""


class Feed(Protocol):
    """Delivers the published commits of subscribed contests. Open from `start` to `close`."""

    @property
    def connected(self) -> bool:
        """Whether the commits of all contests can be received, by the last heartbeats."""

    def delivers(self, contest_id: str) -> bool:
        """Return whether the commits of a contest can be received, by the last heartbeat."""

    def start(self) -> None:
        """Begin to keep the feed open."""

    async def close(self) -> None:
        """Close it."""

    def subscribe(self, contest_id: str, receiver: CommitReceiver) -> None:
        """Deliver the commits of a contest to `receiver`, from its `on_subscribed` on."""

    def unsubscribe(self, contest_id: str) -> None:
        """Stop delivering the commits of a contest."""


def make_feed(backend: Backend, instruments: ReplicationInstruments) -> Feed:
    """Return the feed of a store."""
    if isinstance(backend, SingleBackend):
        return _SingleFeed(FeedConnection(backend.driver, PLAIN, instruments))
    return _ClusterFeed(backend.cluster, instruments)


class _SingleFeed:
    """The feed of a store on one node, or behind Sentinel."""

    def __init__(self, connection: FeedConnection) -> None:
        self._connection = connection
        self.start = connection.start
        self.close = connection.close

    @property
    def connected(self) -> bool:
        return self._connection.connected

    def delivers(self, _contest_id: str) -> bool:
        return self._connection.connected

    def subscribe(self, contest_id: str, receiver: CommitReceiver) -> None:
        self._connection.subscribe({_channel(contest_id): receiver})

    def unsubscribe(self, contest_id: str) -> None:
        self._connection.unsubscribe([_channel(contest_id)])


class _ClusterFeed:
    """The feed of a cluster."""

    def __init__(self, cluster: Cluster, instruments: ReplicationInstruments) -> None:
        self._cluster = cluster
        self._instruments = instruments
        self._receivers: dict[bytes, CommitReceiver] = {}
        """By the name of the channel."""
        self._nodes: dict[bytes, ClusterNode] = {}
        """Where each channel is subscribed to. Others wait until their node is known."""
        self._connections: dict[ClusterNode, FeedConnection] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._closing = TaskSet(name="close-feed-connection")
        cluster.observers.append(self._update)

    @property
    def connected(self) -> bool:
        return bool(self._connections) and all(
            connection.connected for connection in self._connections.values()
        )

    def delivers(self, contest_id: str) -> bool:
        node = self._cluster.owners[slot_of(keys.channel(contest_id))]
        connection = self._connections.get(node) if node else None
        return connection is not None and connection.connected

    def start(self) -> None:
        self._cluster.start()
        self._update()

    async def close(self) -> None:
        self._cluster.observers.remove(self._update)
        if self._timer:
            self._timer.cancel()
        for connection in self._connections.values():
            await connection.close()

    def subscribe(self, contest_id: str, receiver: CommitReceiver) -> None:
        channel = _channel(contest_id)
        self._receivers[channel] = receiver
        self._place([channel])

    def unsubscribe(self, contest_id: str) -> None:
        channel = _channel(contest_id)
        self._receivers.pop(channel, None)
        if node := self._nodes.pop(channel, None):
            self._connections[node].unsubscribe([channel])

    def _update(self) -> None:
        """Have one connection to each node that serves slots, and each channel at its node."""
        masters = self._cluster.masters
        for node in masters:
            if node not in self._connections:
                connection = FeedConnection(
                    node.driver, _SHARDED, self._instruments, self._on_moved
                )
                self._connections[node] = connection
                connection.start()
        moved = [
            channel for channel, node in self._nodes.items() if self._owner(channel) is not node
        ]
        self._release(moved)
        for node in self._connections.keys() - set(masters):
            self._closing.start(self._connections.pop(node).close())
        self._place(self._receivers.keys() - self._nodes.keys())

    def _on_moved(self, moved: int | bytes) -> None:
        """Subscribe again elsewhere, as soon as it is known where."""
        channels = [
            channel
            for channel in self._nodes
            if channel == moved or slot_of(channel.decode()) == moved
        ]
        self._release(channels)
        self._cluster.poll_now()
        self._place_later()

    def _release(self, channels: Iterable[bytes]) -> None:
        """End subscriptions: messages may be missed until the next one."""
        of_nodes = defaultdict[ClusterNode, list[bytes]](list)
        for channel in channels:
            of_nodes[self._nodes.pop(channel)].append(channel)
        for node, some in of_nodes.items():
            self._connections[node].unsubscribe(some)
            for channel in some:
                self._receivers[channel].on_connection_lost()

    def _place(self, channels: Iterable[bytes]) -> None:
        """Subscribe to channels at the nodes of their slots."""
        of_nodes = defaultdict[ClusterNode, dict[bytes, CommitReceiver]](dict)
        for channel in channels:
            node = self._owner(channel)
            if node in self._connections:
                self._nodes[channel] = node
                of_nodes[node][channel] = self._receivers[channel]
        for node, receivers in of_nodes.items():
            self._connections[node].subscribe(receivers)

    def _place_later(self) -> None:
        if not self._timer:
            self._timer = asyncio.get_running_loop().call_later(RESUBSCRIBE_S, self._place_waiting)

    def _place_waiting(self) -> None:
        self._timer = None
        self._place(self._receivers.keys() - self._nodes.keys())

    def _owner(self, channel: bytes) -> ClusterNode | None:
        return self._cluster.owners[slot_of(channel.decode())]


def _by_slot(channels: Iterable[bytes]) -> list[tuple[bytes, ...]]:
    """Group channels by slot: a node refuses a command with those of several."""
    of_slots = defaultdict[int, list[bytes]](list)
    for channel in channels:
        of_slots[slot_of(channel.decode())].append(channel)
    return [tuple(some) for some in of_slots.values()]


_SHARDED = PubSub(
    *("SSUBSCRIBE", "SUNSUBSCRIBE", b"ssubscribe", b"sunsubscribe", b"smessage"), _by_slot
)


def _channel(contest_id: str) -> bytes:
    return keys.channel(contest_id).encode()

"""The feed of a cluster: one connection to each shard, each channel at the node of its slot.

Channels move with their slots: at once when the topology changes, and when a node ends or refuses a
subscription as soon as it is known which node has the slot. Until all were asked, no channel goes
back to the node that ended it: a former master takes subscriptions as a replica, in vain.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leaderboard_server.replication.commit_receiver import CommitReceiver, channel_of
from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.replication.shard_feed import ShardFeed
from leaderboard_server.storage import keys
from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.connection import slot_of
from leaderboard_server.storage.cluster.node import ClusterNode
from leaderboard_server.tasks import TaskSet


@dataclass(slots=True)
class _Subscription:
    """A channel that is to be delivered."""

    receiver: CommitReceiver
    slot: int
    node: ClusterNode | None = None
    """The node that it is subscribed at; None while it waits for one."""
    ended_by: ClusterNode | None = None
    """The node that ended or refused it, until all nodes have been asked after that."""


class ClusterFeed:
    """Delivers the published commits of subscribed contests. Implements `feed.Feed`."""

    def __init__(self, cluster: Cluster, instruments: ReplicationInstruments) -> None:
        self._cluster = cluster
        self._instruments = instruments
        self._subscriptions: dict[bytes, _Subscription] = {}
        """By the name of the channel."""
        self._waiting: set[bytes] = set()
        """The channels that are subscribed at no node."""
        self._shards: dict[ClusterNode, ShardFeed] = {}
        """One for each node that serves slots."""
        self._closing = TaskSet(name="close-shard-feed")
        self._ended: set[bytes] = set()
        """The channels whose subscriptions ended since the nodes were last asked."""
        self._asking: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """See `Feed`."""
        shards = self._shards.items()
        return any(shard.connected for _, shard in shards) and all(
            shard.connected or node.away for node, shard in shards
        )

    def delivers(self, contest_id: str) -> bool:
        """See `Feed`."""
        node = self._cluster.owners[_slot_of(contest_id)]
        shard = self._shards.get(node) if node else None
        return shard is not None and shard.connected

    def is_away(self, contest_id: str) -> bool:
        """See `Feed`."""
        node = self._cluster.owners[_slot_of(contest_id)]
        return bool(node.away if node else self._shards)

    def start(self) -> None:
        """See `Feed`."""
        self._cluster.start()
        self._cluster.observers.append(self._update)
        self._update()

    async def close(self) -> None:
        """See `Feed`."""
        if self._update in self._cluster.observers:  # a server that can't listen starts no feed
            self._cluster.observers.remove(self._update)
        shards = self._shards.values()
        await asyncio.gather(*(shard.close() for shard in shards), self._closing.ended())
        if self._asking:
            self._asking.cancel()
            await asyncio.wait([self._asking])

    def subscribe(self, contest_id: str, receiver: CommitReceiver) -> None:
        """See `Feed`."""
        channel = channel_of(contest_id)
        self._subscriptions[channel] = _Subscription(receiver, _slot_of(contest_id))
        self._waiting.add(channel)
        self._place([channel])

    def unsubscribe(self, contest_id: str) -> None:
        """See `Feed`."""
        channel = channel_of(contest_id)
        self._waiting.discard(channel)
        subscription = self._subscriptions.pop(channel)
        if subscription.node:
            self._shards[subscription.node].unsubscribe([channel])

    def _update(self) -> None:
        """Have a connection to each node that serves slots, and each channel at its node."""
        masters = self._cluster.masters
        for node in masters:
            if node not in self._shards:
                node_id = self._cluster.id_of(node)
                shard = ShardFeed(
                    node.driver, self._instruments, self._on_ended, node_id, node=str(node)
                )
                self._shards[node] = shard
                shard.start()
        self._release_moved()
        for node in self._shards.keys() - set(masters):
            self._closing.start(self._shards.pop(node).close())
        self._place(list(self._waiting))

    def _release_moved(self) -> None:
        """End the subscriptions at nodes that serve their slots no longer."""
        owners = self._cluster.owners
        moved = defaultdict[ClusterNode, list[bytes]](list)
        for channel, subscription in self._subscriptions.items():
            if subscription.node and subscription.node is not owners[subscription.slot]:
                moved[subscription.node].append(channel)
        for node, channels in moved.items():
            self._shards[node].unsubscribe(channels)
            self._set_waiting(channels)
            for channel in channels:
                self._subscriptions[channel].receiver.on_connection_lost()

    def _on_ended(self, channels: Sequence[bytes]) -> None:
        """Subscribe again, mostly elsewhere."""
        for channel in channels:
            subscription = self._subscriptions[channel]
            subscription.ended_by = subscription.node
        self._set_waiting(channels)
        self._ended.update(channels)
        if not self._asking:
            self._asking = asyncio.create_task(self._subscribe_again(), name="subscribe-again")

    async def _subscribe_again(self) -> None:
        """Subscribe after all nodes were asked; a new topology did it before."""
        while self._ended:
            ended, self._ended = self._ended, set()
            await self._cluster.refresh()
            waiting = ended & self._waiting - self._ended
            for channel in waiting:
                self._subscriptions[channel].ended_by = None
            self._place(waiting)
        self._asking = None

    def _set_waiting(self, channels: Iterable[bytes]) -> None:
        self._waiting.update(channels)
        for channel in channels:
            self._subscriptions[channel].node = None

    def _place(self, channels: Iterable[bytes]) -> None:
        """Subscribe to channels at the nodes of their slots, where these are known."""
        receivers = defaultdict[ClusterNode, dict[bytes, CommitReceiver]](dict)
        for channel in channels:
            subscription = self._subscriptions[channel]
            node = self._cluster.owners[subscription.slot]
            if node in self._shards and node is not subscription.ended_by:
                subscription.node = node
                subscription.ended_by = None
                self._waiting.discard(channel)
                receivers[node][channel] = subscription.receiver
        for node, some in receivers.items():
            self._shards[node].subscribe(some)


def _slot_of(contest_id: str) -> int:
    return slot_of(keys.channel(contest_id))

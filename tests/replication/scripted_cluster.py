"""A cluster of scripted nodes whose slots the test gives to them, and receivers that record."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis

from harness.uncounted import replication_instruments
from leaderboard_server.replication.feed import Feed, make_feed
from leaderboard_server.storage import keys
from leaderboard_server.storage.backend import ClusterBackend
from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.connection import slot_of
from leaderboard_server.storage.cluster.topology import SLOTS
from replication.scripted_node import ScriptedNode

_POLL_S = 0.02


@dataclass(eq=False)
class KnownNode:
    """A node as the feed knows it; see `ClusterNode`."""

    driver: Redis
    name: str
    away: Callable[[], Exception] | None = None

    def __str__(self) -> str:
        return self.name


class ScriptedCluster:
    """
    The topology of a cluster; see `Cluster`.

    Attributes:
        nodes: What the feed knows of each scripted node.
        owners: See `Cluster`.
        observers: See `Cluster`.
        polls: How often the nodes were asked.
        replies: Cleared to hold back what they reply.
    """

    def __init__(self, *nodes: ScriptedNode) -> None:
        self.nodes = {node: KnownNode(node.driver(), str(node.port)) for node in nodes}
        self.owners: list[KnownNode | None] = [None] * SLOTS
        self.observers: list[Callable[[], None]] = []
        self.polls = 0
        self.replies = asyncio.Event()
        self.replies.set()

    @property
    def masters(self) -> list[KnownNode]:
        """See `Cluster`."""
        return list(dict.fromkeys(filter(None, self.owners)))

    def id_of(self, node: KnownNode) -> str:
        """See `Cluster`."""
        return node.name

    def start(self) -> None:
        """See `Cluster`."""

    async def refresh(self) -> None:
        """See `Cluster`."""
        self.polls += 1
        await self.replies.wait()
        await asyncio.sleep(_POLL_S)

    def give(self, node: ScriptedNode | None, *contests: str) -> None:
        """Give the slots of contests, or all, to a node, or to none."""
        slots = [slot_of(channel(contest)) for contest in contests]
        for slot in slots or range(SLOTS):
            self.owners[slot] = self.nodes[node] if node else None
        for observer in list(self.observers):
            observer()

    def feed(self) -> Feed:
        """Return a feed on this cluster."""
        backend = ClusterBackend(cast("Cluster", self))
        return make_feed(backend, replication_instruments())


class RecordingReceiver:
    """
    A receiver of one contest; see `CommitReceiver`.

    Attributes:
        calls: "subscribed", "lost", and the payloads of messages.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []

    def on_subscribed(self) -> None:
        """See `CommitReceiver`."""
        self.calls.append("subscribed")

    def on_message(self, payload: bytes) -> None:
        """See `CommitReceiver`."""
        self.calls.append(payload.decode())

    def on_connection_lost(self) -> None:
        """See `CommitReceiver`."""
        self.calls.append("lost")


def channel(contest_id: str) -> str:
    """Return the channel of a contest."""
    return keys.channel(contest_id)


def moved(contest_id: str) -> str:
    """Return the error of a node that has given the slot of a contest away."""
    return f"MOVED {slot_of(channel(contest_id))} 127.0.0.1:1"

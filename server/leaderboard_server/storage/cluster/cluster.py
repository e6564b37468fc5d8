"""Keeps the nodes of a cluster and the table of slots up to date.

Each node is asked twice a second what it knows of the cluster, and at once when a connection breaks
or a node sends a command elsewhere. The seeds, which the URL names, only start this: they are asked
as long as no other node answers.
"""

import asyncio
from collections.abc import Callable, Sequence

import structlog
from redis.asyncio import Redis

from leaderboard_server.storage.addresses import Address
from leaderboard_server.storage.cluster import redirection
from leaderboard_server.storage.cluster.node import POLL_INTERVAL_S, ClusterNode
from leaderboard_server.storage.cluster.redirection import ASK, MOVED, Redirected
from leaderboard_server.storage.cluster.topology import SLOTS, Topology, View, merge
from leaderboard_server.tasks import BackgroundTask, TaskSet

_log = structlog.get_logger()


class Cluster:
    """The nodes of a cluster. Kept up to date from `start` to `close`.

    Attributes:
        owners: For each slot the node that serves it, None while no node is known to.
        open_slots: Slots that are being moved key by key.
        version: Rises with each change of `owners` or `open_slots`.
        observers: Called after each change of these.
    """

    def __init__(self, seeds: Sequence[Address], connect: Callable[[Address], Redis]) -> None:
        """Begin with `seeds`; `connect` returns a driver, which connects on its first use."""
        self.owners: list[ClusterNode | None] = [None] * SLOTS
        self.open_slots = frozenset[int]()
        self.version = 0
        self.observers: list[Callable[[], None]] = []
        self._seeds = seeds
        self._connect = connect
        self._nodes: dict[Address, ClusterNode] = {}
        self._views: dict[Address, View] = {}
        """What each node that answers knows."""
        self._topology: Topology | None = None
        self._known = asyncio.Event()
        self._search = BackgroundTask(self._ask_seeds, name="search-cluster")
        self._closing = TaskSet(name="close-node")

    def start(self) -> None:
        """Begin to look for nodes. Does nothing if it was started before."""
        self._search.start()

    async def close(self) -> None:
        """Close all nodes."""
        await self._search.close()
        for node in self._nodes.values():
            await node.close()

    async def known(self) -> None:
        """Wait until it is known which nodes serve slots."""
        self.start()
        await self._known.wait()

    @property
    def masters(self) -> list[ClusterNode]:
        """The nodes that serve slots, in the order of the slots."""
        return list(dict.fromkeys(filter(None, self.owners)))

    @property
    def nodes(self) -> list[ClusterNode]:
        """All nodes, replicas included."""
        return list(self._nodes.values())

    def poll_now(self) -> None:
        """Ask all nodes what they know as soon as possible."""
        for node in self._nodes.values():
            node.poll_now()

    def on_view(self, node: ClusterNode, view: View) -> None:
        """See `NodeObserver`."""
        if self._nodes.get(node.address) is node and self._views.get(node.address) != view:
            self._views[node.address] = view
            self._update()

    def on_away(self, node: ClusterNode) -> None:
        """See `NodeObserver`."""
        if self._nodes.get(node.address) is node and node.address in self._views:
            del self._views[node.address]
            self.poll_now()

    def redirection(self, node: ClusterNode, kind: str, text: str) -> Exception | None:
        """See `NodeObserver`."""
        if not text.startswith(redirection.KINDS):
            return None
        self.poll_now()
        word, *rest = text.split()
        target = self._node_at(rest[1], node) if word in {MOVED, ASK} else None
        if target and word == ASK:
            return Redirected(text, getattr(target, kind).call_asking)
        if target:
            # Until the nodes have answered, the node that sent the command elsewhere knows best.
            self.owners[int(rest[0])] = target
            self._views.pop(node.address, None)
        return Redirected(text)

    def _node_at(self, text: str, redirecting: ClusterNode) -> ClusterNode | None:
        """Return the node at HOST:PORT, None if it is not known; without a host it is the same."""
        host, _, port = text.rpartition(":")
        if host in {"", "?"}:
            host = redirecting.address.host
        ids = self._topology.ids if self._topology else {}
        node_id = ids.get(Address(host.strip("[]"), int(port)), "")
        return self._node_of(node_id)

    def _node_of(self, node_id: str) -> ClusterNode | None:
        address = self._topology.addresses.get(node_id) if self._topology else None
        return self._nodes.get(address) if address else None

    def _update(self) -> None:
        """Bring nodes and slots up to date with the views."""
        topology = merge(self._views.values())
        self._topology = topology
        present = set(topology.addresses.values())
        for address in present - self._nodes.keys():
            self._add(address)
        for address in self._nodes.keys() - present:
            self._remove(address)
        nodes = {node_id: self._node_of(node_id) for node_id in topology.addresses}
        before, self.owners = self.owners, [nodes.get(node_id) for node_id in topology.owners]
        if (self.owners, topology.open_slots) == (before, self.open_slots):
            return
        self.open_slots = topology.open_slots
        self.version += 1
        masters = self.masters
        for node in set(filter(None, before)) - set(masters):
            # A read of one history after a write to another would look like a store that went back.
            node.disconnect()
        _log.info("cluster_changed", masters=[str(node) for node in masters], nodes=len(present))
        if masters:
            self._known.set()
        for observer in self.observers:
            observer()

    async def _ask_seeds(self) -> None:
        while True:
            if not self._views:
                for seed in self._seeds:
                    if seed not in self._nodes:
                        self._add(seed)
            await asyncio.sleep(POLL_INTERVAL_S)

    def _add(self, address: Address) -> None:
        node = self._nodes[address] = ClusterNode(address, self._connect(address), self)
        node.start()

    def _remove(self, address: Address) -> None:
        self._views.pop(address, None)
        self._closing.start(self._nodes.pop(address).close())

"""Keeps the nodes of a cluster and the table of slots up to date.

Each node is asked twice a second what it knows of the cluster, and at once when a connection breaks
or a node sends a command elsewhere. The seeds, which the URL names, only start this: they are asked
as long as no other node answers.
"""

import asyncio
from collections.abc import Callable, Sequence

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost

from leaderboard_server.storage.addresses import Address
from leaderboard_server.storage.cluster.node import POLL_INTERVAL_S, ClusterNode
from leaderboard_server.storage.cluster.pacing import PacedWork
from leaderboard_server.storage.cluster.redirection import (
    Redirected,
    elsewhere,
    is_for_later,
    is_redirection,
)
from leaderboard_server.storage.cluster.topology import SLOTS, OpenSlot, Topology, View, merge
from leaderboard_server.tasks import BackgroundTask, TaskSet

_NO_OWNER = "no node serves the slot"


class Cluster:
    """The nodes of a cluster. Kept up to date from `start` to `close`.

    Attributes:
        owners: For each slot the node that serves it, None while no node is known to.
        open_slots: Slots that are being moved key by key.
        version: Rises with each change of what the nodes know of owners and open slots.
        observers: Called after each change of these.
    """

    def __init__(self, seeds: Sequence[Address], connect: Callable[[Address], Redis]) -> None:
        """Begin with `seeds`; `connect` returns a driver, which connects on its first use."""
        self.owners: list[ClusterNode | None] = [None] * SLOTS
        self.open_slots = frozenset[OpenSlot]()
        self.version = 0
        self.observers: list[Callable[[], None]] = []
        self._seeds = seeds
        self._connect = connect
        self._nodes: dict[Address, ClusterNode] = {}
        self._views: dict[Address, View] = {}
        """What each node that answers knows."""
        self._topology = merge(())
        self._owner_ids: dict[Address, str] = {}
        """The ids of the nodes that serve slots, by their addresses."""
        self._merged = self.owners.copy()
        """The owners by the topology, without what was learned from redirections since."""
        self._redirecting: set[ClusterNode] = set()
        """The nodes from whose redirections `owners` was changed since."""
        self._updating = PacedWork(self._update)
        """Of many nodes, each of which shows a change, an update takes tens of milliseconds."""
        self._asked = asyncio.Event()
        """Set once a node answered, or none of the seeds did."""
        self._closed = False
        self._search = BackgroundTask(self._ask_seeds, name="search-cluster")
        self._closing = TaskSet(name="close-node")

    def start(self) -> None:
        """Begin to look for nodes. Does nothing if it was started before, or closed."""
        if not self._closed:
            self._search.start()

    async def close(self) -> None:
        """Close all nodes. Calls fail from now on."""
        self._closed = True
        self._asked.set()
        await self._search.close()
        self._updating.cancel()
        nodes, self._nodes = self._nodes, {}  # so that their last answers change nothing
        await asyncio.gather(*(node.close() for node in nodes.values()), self._closing.ended())

    async def asked(self) -> None:
        """Wait until a node was asked which nodes serve slots, and has answered if any does."""
        self.start()
        await self._asked.wait()

    async def refresh(self) -> None:
        """Ask all nodes that answer what they know now, and wait for that."""
        await asyncio.gather(*(node.polled() for node in self.nodes if not node.away))
        self._updating.run_waiting()

    @property
    def masters(self) -> list[ClusterNode]:
        """The nodes that serve slots, in the order of the slots."""
        return list(dict.fromkeys(filter(None, self.owners)))

    @property
    def nodes(self) -> list[ClusterNode]:
        """All nodes, replicas included."""
        return list(self._nodes.values())

    @property
    def settled(self) -> bool:
        """Whether each node has replied, or is away."""
        return bool(self._nodes and not self._updating.waiting) and all(
            node.away or address in self._views for address, node in self._nodes.items()
        )

    def node_of(self, node_id: str) -> ClusterNode | None:
        """Return the node with an id in the cluster, None if it is not known."""
        address = self._topology.addresses.get(node_id)
        return self._nodes.get(address) if address else None

    def replicas_of(self, master: ClusterNode) -> list[ClusterNode]:
        """Return the nodes that follow a master, whether they reply or not."""
        replicas = self._topology.replicas.items()
        followers = (
            self.node_of(node_id) for node_id, of in replicas if self.node_of(of) is master
        )
        return list(filter(None, followers))

    def id_of(self, node: ClusterNode) -> str:
        """Return the id of a node."""
        addresses = self._topology.addresses.items()
        ids = (node_id for node_id, address in addresses if address == node.address)
        return self._owner_ids.get(node.address) or next(ids)

    def no_owner(self) -> Exception:
        """Return the error of calls whose slot no node is known to serve."""
        if not self._owner_ids:
            for node in self._nodes.values():
                if node.away:
                    return node.away()
        return ConnectionLost(_NO_OWNER)

    def poll_now(self) -> None:
        """Ask all nodes what they know as soon as possible."""
        for node in self._nodes.values():
            node.poll_now()

    def on_view(self, node: ClusterNode, view: View) -> None:
        """See `NodeObserver`."""
        if self._nodes.get(node.address) is not node:
            return
        is_news = self._views.get(node.address) != view
        self._views[node.address] = view
        if is_news or node in self._redirecting:
            self._updating.run_soon()
        self._asked.set()

    def on_away(self, node: ClusterNode) -> None:
        """See `NodeObserver`."""
        if self._nodes.get(node.address) is not node:
            return
        is_news = self._views.pop(node.address, None) is not None
        if is_news or node in self._redirecting:
            self._updating.run_soon()
        if is_news:
            self.poll_now()
        if all(other.away for other in self._nodes.values()):
            self._asked.set()

    def redirection(self, node: ClusterNode, kind: str, text: str) -> Exception | None:
        """See `NodeObserver`."""
        if not is_redirection(text):
            return None
        there = elsewhere(text, node.address)
        target = self._nodes.get(self._known_by(there.address)) if there else None
        if there and target:
            if not there.is_moved:
                return Redirected(text, getattr(target, kind).call_asking)
            self._move(there.slot, target, node)
        if not is_for_later(text):
            self.poll_now()
        return Redirected(text)

    def _move(self, slot: int, target: ClusterNode, redirecting: ClusterNode) -> None:
        """Route a slot to another node until the one that redirects has been asked what it knows.

        It knows best at present, but may be a former member that knows nothing new. An open slot
        goes to the two nodes of its move alone; see `topology`.
        """
        ends = [
            self.node_of(end)
            for each in self.open_slots
            if each.slot == slot
            for end in (each.source, each.target)
        ]
        if self._nodes.get(redirecting.address) is redirecting and (not ends or target in ends):
            self.owners[slot] = target
            self._redirecting.add(redirecting)

    def _known_by(self, address: Address) -> Address:
        """Return the address by which a node is known, from that with its IP address."""
        return self._topology.by_ip.get(address, address)

    def _update(self) -> None:
        """Bring nodes and slots up to date with the views, if there are any."""
        if not self._views:
            return
        before = self._topology
        topology = merge(self._views.values(), before.addresses, before.stranded)
        self._topology = topology
        if topology.stranded - before.stranded:
            self.poll_now()  # a node may have said so before the end of a move
        self._update_nodes(topology)
        nodes = {name: self._nodes.get(address) for name, address in topology.addresses.items()}
        merged = [nodes.get(node_id) for node_id in topology.owners]
        changed = (merged, topology.open_slots) != (self._merged, self.open_slots)
        former = {*self.owners, *self._merged} - {None, *merged}
        self._merged, self.owners, self.open_slots = merged, merged.copy(), topology.open_slots
        self._redirecting.clear()
        for node in filter(None, former):
            # A read of one history after a write to another would look like a store that went back.
            node.disconnect()
        if changed:
            self.version += 1
            for observer in self.observers:
                observer()

    def _update_nodes(self, topology: Topology) -> None:
        present = set(topology.addresses.values())
        before, self._owner_ids = (
            self._owner_ids,
            {topology.addresses[node_id]: node_id for node_id in set(topology.owners) - {""}},
        )
        replaced = {
            address
            for address, node_id in self._owner_ids.items()
            if before.get(address, node_id) != node_id
        }
        for address in (self._nodes.keys() - present) | replaced:
            self._views.pop(address, None)
            self._closing.start(self._nodes.pop(address).close())
        for address in present - self._nodes.keys():
            self._add(address)

    async def _ask_seeds(self) -> None:
        while True:
            if all(node.away for node in self.masters):
                for seed in self._seeds:
                    if seed not in self._nodes:
                        self._add(seed)
            await asyncio.sleep(POLL_INTERVAL_S)

    def _add(self, address: Address) -> None:
        node = self._nodes[address] = ClusterNode(address, self._connect(address), self)
        node.start()

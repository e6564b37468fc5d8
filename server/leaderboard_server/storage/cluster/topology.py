"""Merges what the nodes of a cluster know of it: which node serves which slot.

Nodes learn of a failover or a moved slot at different times. Each change raises the config epoch of
the node that takes slots over, so the claim with the highest one is the latest; see "configuration
epoch" in the specification of Redis Cluster.

A replica of Redis that takes over does not know that its master was moving a slot key by key: it
would take contests whose keys have moved for new ones, and some of a contest's keys for all of
them. So such a slot has no owner until its move is completed or given up.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from redis.crc import REDIS_CLUSTER_HASH_SLOTS

from leaderboard_server.storage.addresses import Address

SLOTS = REDIS_CLUSTER_HASH_SLOTS
_UNUSABLE = {"handshake", "noaddr"}
"""Flags of nodes that are no part of the cluster yet, or whose address is unknown."""
_FAILING = {"fail", "fail?"}


class OpenSlot(NamedTuple):
    """A slot that is being moved key by key, or whose move was given up half-way."""

    slot: int
    source: str
    """The id of the node that gives it away."""
    target: str
    """The id of the node that takes it."""


class Claim(NamedTuple):
    """What a node knows of a node, also of itself: a line of `CLUSTER NODES`."""

    node_id: str
    address: Address
    """With the host name that the node announces, if it does."""
    ip: Address
    """With its IP address, which redirections may name."""
    is_self: bool
    is_reached: bool
    """Whether the node that knows this reaches it."""
    config_epoch: int
    slots: tuple[range, ...]
    open_slots: frozenset[OpenSlot]
    """Slots that it gives away or takes at present; it tells of its own alone."""
    replica_of: str = ""
    """The id of its master if it is a replica."""


View: TypeAlias = tuple[Claim, ...]
"""What one node knows of all nodes."""


class Topology(NamedTuple):
    """The nodes and slots of a cluster."""

    addresses: dict[str, Address]
    """The address of each node, replicas included, by the id of the node."""
    by_ip: dict[Address, Address]
    """The same addresses, by that with the IP address."""
    owners: list[str]
    """For each slot the id of the node that serves it, empty for none."""
    open_slots: frozenset[OpenSlot]
    stranded: frozenset[OpenSlot]
    """Those of them that another node than these two has got: keys may be out of its reach."""
    replicas: dict[str, str]
    """The id of the master of each replica, by the id of the replica."""


def decode_view(reply: bytes, polled: Address) -> View:
    """Return a view from the reply to `CLUSTER NODES`.

    Args:
        reply: The reply.

        polled: The address of the node that replied, which may not know its own.

    Raises:
        ValueError: The reply has another form.
    """
    return tuple(_claims(reply.decode(), polled))


def _claims(text: str, polled: Address) -> Iterator[Claim]:
    for line in text.splitlines():
        node_id, endpoint, flag_names, master, _, _, config_epoch, link, *slots = line.split()
        flags = set(flag_names.split(","))
        is_self = "myself" in flags
        # HOST:PORT@BUS_PORT, and perhaps the host's name and further fields after commas
        endpoint, _, names = endpoint.partition(",")
        name = names.partition(",")[0]
        host, _, port = endpoint.partition("@")[0].rpartition(":")
        if flags & _UNUSABLE or not (host or is_self):
            continue
        ip = Address(host.strip("[]"), int(port)) if host else polled
        moves = [entry for entry in slots if entry.startswith("[")]
        yield Claim(
            node_id,
            address=ip._replace(host=name or ip.host),
            ip=ip,
            is_self=is_self,
            is_reached=link == "connected" and not flags & _FAILING,
            config_epoch=int(config_epoch),
            slots=tuple(_slots(entry) for entry in slots if entry not in moves),
            # Replicas of Valkey show the moves of their master as their own.
            open_slots=frozenset(_open_slot(entry, node_id) for entry in moves if master == "-"),
            replica_of=master.strip("-"),
        )


def _slots(text: str) -> range:
    """Return the slots of `FIRST-LAST`, or of a single one."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _open_slot(text: str, node_id: str) -> OpenSlot:
    """Return the slot of `[SLOT->-TARGET]` or `[SLOT-<-SOURCE]`, as a node shows it."""
    slot, direction, other = text.strip("[]").split("-", 2)
    ends = (node_id, other) if direction == ">" else (other, node_id)
    return OpenSlot(int(slot), *ends)


def merge(
    views: Collection[View],
    known_before: Collection[str] = (),
    stranded_before: Collection[OpenSlot] = (),
) -> Topology:
    """Return the topology by the latest claim to each slot.

    Claims with the same config epoch are in conflict, which the nodes solve: that with the smaller
    id raises its own.

    Args:
        views: What nodes know, perhaps some of another cluster or of none; see `_of_one_cluster`.

        known_before: The ids of the nodes of the topology before.

        stranded_before: The open slots that were stranded in it. They stay so while the node that
            has keys of them does not answer.
    """
    claims = [claim for view in _of_one_cluster(views, known_before) for claim in view]
    owners = _owners(claims)
    # A node that has got another address may not know it; those that reach it there do.
    claims.sort(key=lambda claim: (claim.is_reached, not claim.is_self))
    addresses = {claim.node_id: claim.address for claim in claims}
    by_ip = {claim.ip: claim.address for claim in claims}
    open_slots = _open_slots(claims, addresses, stranded_before)
    stranded = frozenset(each for each in open_slots if owners[each.slot] not in each[1:])
    for each in stranded:
        owners[each.slot] = ""
    masters = {claim.node_id: claim.replica_of for claim in claims}
    replicas = {node_id: master for node_id, master in masters.items() if master}
    return Topology(addresses, by_ip, owners, open_slots, stranded, replicas)


def _owners(claims: Iterable[Claim]) -> list[str]:
    """Return for each slot the id of the node with the latest claim, empty for none."""
    rising = sorted(claims, key=lambda claim: claim.node_id, reverse=True)
    rising.sort(key=lambda claim: claim.config_epoch)
    owners = [""] * SLOTS
    for claim in rising:
        for slots in claim.slots:
            owners[slots.start : slots.stop] = [claim.node_id] * len(slots)
    return owners


def _open_slots(
    claims: Collection[Claim], present: Collection[str], stranded_before: Collection[OpenSlot]
) -> frozenset[OpenSlot]:
    answering = {claim.node_id for claim in claims if claim.is_self}
    kept = (
        each for each in stranded_before if each.target in present and each.target not in answering
    )
    return frozenset(kept).union(*(claim.open_slots for claim in claims))


def _of_one_cluster(views: Collection[View], known_before: Collection[str]) -> Collection[View]:
    """Return the views of nodes that know each other.

    A node that was removed still knows the others, but they don't know it; it may be part of
    another cluster by now, and one that lost its state knows nobody. Of several clusters that with
    the most nodes that were known before counts, or else the largest.
    """
    clusters: list[dict[str, View]] = []
    for view in views:
        own_ids = {claim.node_id for claim in view if claim.is_self}
        ids = {claim.node_id for claim in view}
        joined = dict.fromkeys(own_ids, view)
        others = []
        for cluster in clusters:
            if any(node_id in ids and _knows(cluster[node_id], own_ids) for node_id in cluster):
                joined |= cluster
            else:
                others.append(cluster)
        clusters = [*others, joined]
    known = set(known_before)
    best = max(clusters, key=lambda nodes: (len(known & nodes.keys()), len(nodes)), default={})
    return best.values()


def _knows(view: Sequence[Claim], ids: Collection[str]) -> bool:
    return any(claim.node_id in ids for claim in view)

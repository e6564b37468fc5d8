"""Merges what the nodes of a cluster know of it: which node serves which slot.

Nodes learn of a failover or a moved slot at different times. Each change raises the config epoch of
the node that takes slots over, so the claim with the highest one is the latest; see "configuration
epoch" in the specification of Redis Cluster.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from redis.crc import REDIS_CLUSTER_HASH_SLOTS

from leaderboard_server.storage.addresses import Address

SLOTS = REDIS_CLUSTER_HASH_SLOTS
_UNUSABLE = {"handshake", "noaddr"}
"""Flags of nodes that are no part of the cluster yet, or whose address is unknown."""


class Claim(NamedTuple):
    """What a node knows of a node, also of itself: a line of `CLUSTER NODES`."""

    node_id: str
    address: Address
    """With the host name that the node announces, if it does."""
    ip: Address
    """With its IP address, which redirections may name."""
    is_self: bool
    config_epoch: int
    slots: tuple[range, ...]
    open_slots: frozenset[int]
    """Slots that it gives away or takes at present, key by key; it tells of its own alone."""


View: TypeAlias = tuple[Claim, ...]
"""What one node knows of all nodes."""


class Topology(NamedTuple):
    """The nodes and slots of a cluster."""

    addresses: dict[str, Address]
    """The address of each node, replicas included, by the id of the node."""
    ids: dict[Address, str]
    """The id of the node at each address, by host name or by IP address."""
    owners: list[str]
    """For each slot the id of the node that serves it, empty for none."""
    open_slots: frozenset[int]
    """Slots that are being moved key by key."""


def decode_view(reply: Mapping[str, Mapping[str, Any]], polled: Address) -> View:
    """Return a view from the reply to `CLUSTER NODES`, as the driver parses it.

    Args:
        reply: The fields of each node, by HOST:PORT.

        polled: The address of the node that replied, which may not know its own.
    """
    return tuple(_claims(reply, polled))


def _claims(reply: Mapping[str, Mapping[str, Any]], polled: Address) -> Iterator[Claim]:
    for text, fields in reply.items():
        flags = set(fields["flags"].split(","))
        if flags & _UNUSABLE:
            continue
        host, _, port = text.rpartition(":")
        ip = Address(host.strip("[]") or polled.host, int(port))
        yield Claim(
            node_id=fields["node_id"],
            address=ip._replace(host=fields["hostname"] or ip.host),
            ip=ip,
            is_self="myself" in flags,
            config_epoch=int(fields["epoch"]),
            slots=tuple(range(int(slots[0]), int(slots[-1]) + 1) for slots in fields["slots"]),
            open_slots=frozenset(int(move["slot"]) for move in fields["migrations"]),
        )


def merge(views: Collection[View]) -> Topology:
    """Return the topology by the latest claim to each slot.

    Of claims with the same config epoch that of a node itself counts. A node that no other one
    knows was removed, and may be part of another cluster by now: its view does not count.
    """
    claims = [claim for view in _counted(views) for claim in view]
    claims.sort(key=lambda claim: (claim.config_epoch, claim.is_self))
    owners = [""] * SLOTS
    for claim in claims:
        for slots in claim.slots:
            owners[slots.start : slots.stop] = [claim.node_id] * len(slots)
    # Others see the address of a node that moved before it does.
    claims.sort(key=lambda claim: not claim.is_self)
    addresses = {claim.node_id: claim.address for claim in claims}
    ids = {known: claim.node_id for claim in claims for known in (claim.ip, claim.address)}
    open_slots = frozenset[int]().union(*(claim.open_slots for claim in claims))
    return Topology(addresses, ids, owners, open_slots)


def _counted(views: Collection[View]) -> Collection[View]:
    counted = [view for view in views if _is_known(view, views)]
    return counted or views


def _is_known(view: View, views: Collection[View]) -> bool:
    own_ids = {claim.node_id for claim in view if claim.is_self}
    return any(claim.node_id in own_ids for other in views if other is not view for claim in other)

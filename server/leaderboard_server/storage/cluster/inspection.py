"""Inspects a cluster once, for `leaderboard doctor`: its slots, and the facts of each node."""

import asyncio
from pathlib import Path
from typing import NamedTuple

from leaderboard_server.storage.cluster.checks import (
    absence_of,
    check_replicas,
    failover_policy,
    slot_ranges,
)
from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.node import ClusterNode
from leaderboard_server.storage.connection import connect_cluster
from leaderboard_server.storage.store_checks import (
    INSPECTION_TIMEOUT_S,
    Finding,
    check,
    inspect_node,
)
from leaderboard_server.storage.store_facts import StoreFacts

_LOOK_S = 0.05


class NodeInspection(NamedTuple):
    """What is known of a node."""

    name: str
    slots: int
    """The number of slots that it serves; a replica serves none."""
    replicas: int
    facts: StoreFacts | None
    """None if it does not reply."""
    problem: str
    """Why it does not."""
    findings: list[Finding]


class OpenSlotInspection(NamedTuple):
    """A slot that is being moved, or whose move was given up half-way."""

    slot: int
    source: str
    target: str


class ClusterInspection(NamedTuple):
    """What is known of a cluster."""

    nodes: list[NodeInspection]
    """Those that serve slots come first, in the order of these."""
    unserved: list[str]
    """The ranges of slots that no node serves."""
    open_slots: list[OpenSlotInspection]
    failover_policy: str | None


async def inspect_cluster(url: str, password_file: Path | None = None) -> ClusterInspection:
    """Connect to a cluster and read its facts.

    Raises:
        StoreUrlInvalid: The URL can't be used.

        PasswordFileUnusable: The password can't be read.

        ConnectionError: No node replies, or none serves slots. The text has what to do.
    """
    cluster = connect_cluster(url, password_file)
    cluster.start()
    try:
        await _settled(cluster)
        if not cluster.masters:
            absence = absence_of(cluster)
            raise ConnectionError(f"{absence.reason}; {absence.to_do}")
        return await _inspect(cluster)
    finally:
        await cluster.close()


async def _settled(cluster: Cluster) -> None:
    """Wait until each node has replied or is known not to, at most for a while."""
    for _ in range(round(INSPECTION_TIMEOUT_S / _LOOK_S)):
        await asyncio.sleep(_LOOK_S)
        if cluster.settled:
            return


async def _inspect(cluster: Cluster) -> ClusterInspection:
    masters = cluster.masters
    others = sorted(set(cluster.nodes) - set(masters), key=str)
    nodes = await asyncio.gather(*(_inspect_node(cluster, node) for node in [*masters, *others]))
    facts = [node.facts for node in nodes if node.facts]
    unserved = (slot for slot, owner in enumerate(cluster.owners) if owner is None)

    def name(node_id: str) -> str:
        return str(cluster.node_of(node_id) or node_id)

    return ClusterInspection(
        nodes,
        list(slot_ranges(unserved)),
        [
            OpenSlotInspection(slot, name(source), name(target))
            for slot, source, target in sorted(cluster.open_slots)
        ],
        failover_policy(facts),
    )


async def _inspect_node(cluster: Cluster, node: ClusterNode) -> NodeInspection:
    slots = cluster.owners.count(node)
    replicas = len(cluster.replicas_of(node))
    findings = check_replicas(cluster, node) if slots else []
    facts, problem = None, str(node.away()) if node.away else ""
    if not node.away:
        try:
            facts = await inspect_node(node.driver, in_cluster=True)
            findings = check(facts) + findings
        except ConnectionError as error:
            problem = f"{node}: {error}"
    return NodeInspection(str(node), slots, replicas, facts, problem, findings)

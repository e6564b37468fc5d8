"""Monitors a cluster: which of its shards reply, and whether they are as the promises need it.

A shard is a node with the slots that it serves. The nodes are polled by `Cluster`; here they are
checked too, when they become known or reply again, and every 30 s: see `store_checks`. Replicas are
checked since they may take slots over, but what is wrong with them makes no shard unavailable.
"""

import asyncio
import time
from collections.abc import Callable

import structlog
from redis.exceptions import RedisError

from leaderboard_server.storage.cluster.checks import (
    Absence,
    absence_of,
    check_replicas,
    failover_policy,
)
from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.node import ClusterNode
from leaderboard_server.storage.cluster.topology import OpenSlot
from leaderboard_server.storage.monitor import (
    PING_INTERVAL_S,
    PING_TIMEOUT_S,
    AvailabilityCallback,
    StoreChecks,
)
from leaderboard_server.storage.store_checks import Finding
from leaderboard_server.tasks import BackgroundTask

_log = structlog.get_logger()

LONG_MOVE_S = 60.0
"""From when on a slot that is being moved is logged: its contests may be refused meanwhile."""
ALONE_S = 5.0
"""For how long a master has to be without a replica until that is logged: at a failover the former
master is one a moment later."""
_UNCHECKED = Absence("no shard passed its checks", "see the entries before this one")


class ClusterMonitor:
    """Watches which shards can be used, from `start` to `close`.

    Attributes:
        available: Whether any shard replies, and passed its checks.
        shards: The number of shards; slots that no node serves count as one more.
        available_shards: The number of those that reply and passed their checks.
    """

    def __init__(
        self,
        cluster: Cluster,
        on_change: AvailabilityCallback,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch a cluster; `on_change` is called after the first look and each change."""
        self._cluster = cluster
        self._on_change = on_change
        self._clock = clock
        self._checks: dict[ClusterNode, StoreChecks] = {}
        self._away: dict[ClusterNode | None, int] = {}
        """Nodes of shards that do not reply, as it was logged, each with a slot that it had. None
        is that of slots without a node."""
        self._alone_since: dict[ClusterNode, float] = {}
        """Since when each node that serves slots has had no replica that replies."""
        self._open_since: dict[OpenSlot, float] = {}
        """When each slot that is being moved was first seen to be."""
        self._logged_slots: set[OpenSlot] = set()
        self._policy: str | None = None
        self._nodes: tuple[set[ClusterNode], int] | None = None
        """The nodes that serve slots and the number of all, as it was logged."""
        self.available = False
        self.shards = 0
        self.available_shards = 0
        self._task = BackgroundTask(self._run, name="monitor-cluster")

    def start(self) -> None:
        """Begin to watch."""
        self._cluster.observers.append(self._on_topology)
        self._cluster.start()
        self._task.start()

    async def close(self) -> None:
        """Stop it."""
        self._cluster.observers.remove(self._on_topology)
        await self._task.close()

    async def _run(self) -> None:
        await self._cluster.asked()
        reported: bool | None = None
        while True:
            masters = self._cluster.masters
            await self._check_all(masters)
            self._log_shards()
            self._log_long_moves()
            self._log_policy()
            usable = [node for node in masters if not node.away and self._checks[node].passed]
            self.shards = len(masters) + (None in self._away)
            self.available_shards = len(usable)
            self.available = bool(usable)
            if self.available != reported:
                if not self.available:
                    self._log_unavailable(masters)
                elif reported is not None:
                    _log.info("store_recovered")
                await self._on_change(serving=self.available)
                reported = self.available
            await asyncio.sleep(PING_INTERVAL_S)

    async def _check_all(self, masters: list[ClusterNode]) -> None:
        """Check the nodes that serve slots, and their replicas, where that is due."""
        replicas = {node for master in masters for node in self._cluster.replicas_of(master)}
        nodes = {*masters, *replicas}
        for node in self._checks.keys() - nodes:
            del self._checks[node]
            self._alone_since.pop(node, None)
        for node in nodes - self._checks.keys():
            self._checks[node] = StoreChecks(node.driver, node=str(node))
        await asyncio.gather(*(self._check(node, serves=node in masters) for node in nodes))

    async def _check(self, node: ClusterNode, *, serves: bool) -> None:
        checks = self._checks[node]
        if node.away:
            checks.make_due()
        elif checks.are_due((serves, self._alone_for_long(node, serves=serves))):
            try:
                async with asyncio.timeout(PING_TIMEOUT_S):
                    await checks.run(self._check_replicas(node) if serves else ())
            except (RedisError, OSError):
                checks.make_due()  # whether it replies is found by the poll

    def _alone_for_long(self, node: ClusterNode, *, serves: bool) -> bool:
        if not serves or not check_replicas(self._cluster, node):
            self._alone_since.pop(node, None)
            return False
        return self._clock() - self._alone_since.setdefault(node, self._clock()) >= ALONE_S

    def _check_replicas(self, node: ClusterNode) -> list[Finding]:
        found = check_replicas(self._cluster, node)
        return found if self._alone_for_long(node, serves=True) else []

    def _log_unavailable(self, masters: list[ClusterNode]) -> None:
        is_away = not masters or any(node.away for node in masters)
        absence = absence_of(self._cluster) if is_away else _UNCHECKED
        _log.warning("store_unavailable", reason=absence.reason, to_do=absence.to_do)

    def _on_topology(self) -> None:
        """See `Cluster.observers`."""
        self._log_nodes()
        now, open_slots = self._clock(), self._cluster.open_slots
        self._open_since = {each: self._open_since.get(each, now) for each in open_slots}
        self._logged_slots &= open_slots

    def _log_nodes(self) -> None:
        """Log which nodes serve slots, when other ones do; not each slot that is moved."""
        masters, count = self._cluster.masters, len(self._cluster.nodes)
        nodes = (set(masters), count)
        if nodes != self._nodes:
            self._nodes = nodes
            _log.info("cluster_changed", masters=[str(node) for node in masters], nodes=count)

    def _log_shards(self) -> None:
        """Log which shards have stopped or begun to reply."""
        owners = self._cluster.owners
        masters = self._cluster.masters
        gone: list[ClusterNode | None] = [node for node in masters if node.away]
        if None in owners and masters:
            gone.append(None)
        away = {node: owners.index(node) for node in gone}
        for node in away.keys() - self._away.keys():
            reason = str(node.away()) if node and node.away else "no node serves the slots"
            _log.warning("shard_unavailable", **self._shard(node), reason=reason)
        for node in self._away.keys() - away.keys():
            # Where a replica has taken the slots over, the owner is another node by now.
            owner = owners[self._away[node]]
            if owner not in away:
                _log.info("shard_recovered", **self._shard(owner))
        self._away = away

    def _shard(self, node: ClusterNode | None) -> dict[str, str | int]:
        return {"node": str(node or "none"), "slots": self._cluster.owners.count(node)}

    def _log_long_moves(self) -> None:
        """Log slots that have been moved for long, or whose move was given up half-way."""
        now = self._clock()
        for each, since in self._open_since.items():
            if now - since >= LONG_MOVE_S and each not in self._logged_slots:
                self._logged_slots.add(each)
                _log.warning(
                    "slot_migrating",
                    slot=each.slot,
                    source=self._name_of(each.source),
                    target=self._name_of(each.target),
                    seconds=round(now - since),
                )

    def _name_of(self, node_id: str) -> str:
        return str(self._cluster.node_of(node_id) or node_id)

    def _log_policy(self) -> None:
        """Log what becomes of a shard whose master is lost: the choice of the operator."""
        policy = failover_policy(checks.facts for checks in self._checks.values() if checks.facts)
        if policy and policy != self._policy:
            _log.info("failover_policy", policy=policy)
        self._policy = policy

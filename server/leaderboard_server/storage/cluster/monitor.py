"""Monitors a cluster: which of its shards reply, and whether they are as the promises need it.

A shard is a node with the slots that it serves. The nodes are polled by `Cluster`; here each of
those that serve slots is checked too, when it begins to and every 30 s: see `store_checks`.
"""

import asyncio
import time
from collections.abc import Callable

import structlog
from redis.exceptions import RedisError

from leaderboard_server.storage.cluster.cluster import Cluster
from leaderboard_server.storage.cluster.node import ClusterNode
from leaderboard_server.storage.monitor import (
    PING_INTERVAL_S,
    PING_TIMEOUT_S,
    AvailabilityCallback,
    StoreChecks,
)
from leaderboard_server.tasks import BackgroundTask

_log = structlog.get_logger()

LONG_MOVE_S = 60.0
"""From when on a slot that is being moved is logged: its contests may be refused meanwhile."""


class ClusterMonitor:
    """Watches which shards can be used, from `start` to `close`.

    Attributes:
        available: Whether any shard replies, and passed its checks.
        shards: The number of shards.
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
        self._away: set[ClusterNode] = set()
        """The nodes of shards that do not reply, as it was logged."""
        self._open_since: dict[int, float] = {}
        """When each slot that is being moved was first seen to be."""
        self._logged_slots: set[int] = set()
        self.available = False
        self.shards = 0
        self.available_shards = 0
        self._task = BackgroundTask(self._run, name="monitor-cluster")

    def start(self) -> None:
        """Begin to watch."""
        self._cluster.start()
        self._task.start()

    async def close(self) -> None:
        """Stop it."""
        await self._task.close()

    async def _run(self) -> None:
        reported: bool | None = None
        await self._cluster.asked()
        while True:
            masters = self._cluster.masters
            await asyncio.gather(*map(self._check, masters))
            self._log_changes(masters)
            self._log_long_moves()
            usable = [node for node in masters if not node.away and self._checks[node].passed]
            self.shards, self.available_shards = len(masters), len(usable)
            self.available = bool(usable)
            if self.available != reported:
                if not self.available:
                    reason = "no shard can be used" if masters else str(self._cluster.no_owner())
                    _log.warning("store_unavailable", reason=reason)
                elif reported is not None:
                    _log.info("store_recovered")
                await self._on_change(serving=self.available)
                reported = self.available
            await asyncio.sleep(PING_INTERVAL_S)

    async def _check(self, node: ClusterNode) -> None:
        """Check a node where that is due."""
        checks = self._checks.setdefault(node, StoreChecks(node.driver, node=str(node)))
        if node.away:
            checks.make_due()
        elif checks.are_due(None):
            try:
                async with asyncio.timeout(PING_TIMEOUT_S):
                    await checks.run()
            except (RedisError, OSError):
                checks.make_due()  # whether it replies is found by the poll

    def _log_changes(self, masters: list[ClusterNode]) -> None:
        """Log which shards have stopped or begun to reply."""
        away = {node for node in masters if node.away}
        for node in away - self._away:
            reason = str(node.away()) if node.away else ""
            _log.warning(
                "shard_unavailable", node=str(node), slots=self._slots(node), reason=reason
            )
        for node in self._away - away:
            # Perhaps as a replica has taken its slots over.
            _log.info("shard_recovered", node=str(node), slots=self._slots(node))
        self._away = away
        for node in self._checks.keys() - set(masters):
            del self._checks[node]

    def _slots(self, node: ClusterNode) -> int:
        return sum(owner is node for owner in self._cluster.owners)

    def _log_long_moves(self) -> None:
        """Log slots that have been moved for long, or whose move was given up half-way."""
        now, open_slots = self._clock(), self._cluster.open_slots
        self._open_since = {slot: self._open_since.get(slot, now) for slot in open_slots}
        self._logged_slots &= open_slots
        for slot, since in self._open_since.items():
            if now - since >= LONG_MOVE_S and slot not in self._logged_slots:
                self._logged_slots.add(slot)
                owner = self._cluster.owners[slot]
                _log.warning(
                    "slot_migrating", slot=slot, node=str(owner), seconds=round(now - since)
                )

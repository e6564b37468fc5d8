"""Moves slots of a cluster from master to master: key by key in steps, or several atomically."""

import asyncio
from collections.abc import Collection
from types import TracebackType
from typing import Any, Self

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from harness.cluster import ClusterNodeProcess
from harness.waiting import eventually

_KEYS_AT_ONCE = 10
"""Keys of one MIGRATE, as `redis-cli --cluster reshard` sends it."""
_MIGRATE_TIMEOUT_MS = 60_000


class SlotMove:
    """
    A move of one slot key by key, in the steps of `redis-cli --cluster reshard`.

    Connected during a block, whose end leaves the slot as it is.
    """

    def __init__(self, slot: int, source: ClusterNodeProcess, target: ClusterNodeProcess) -> None:
        self.slot = slot
        self._source = source
        self._target = target
        self._at_source = _client(source)
        self._at_target = _client(target)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._at_source.aclose()
        await self._at_target.aclose()

    async def open(self) -> None:
        """Open the slot at both nodes."""
        await self._set(self._at_target, "IMPORTING", self._source.node_id)
        await self._set(self._at_source, "MIGRATING", self._target.node_id)

    async def keys(self) -> list[str]:
        """Return the keys that are left at the source."""
        found: list[str] = await _run(self._at_source, "GETKEYSINSLOT", self.slot, 1_000)
        return sorted(found)

    async def move_keys(self, *names: str) -> None:
        """Move these keys, or all that are left."""
        left = list(names) or await self.keys()
        for first in range(0, len(left), _KEYS_AT_ONCE):
            await self._at_source.migrate(
                "127.0.0.1",
                self._target.port,
                left[first : first + _KEYS_AT_ONCE],
                destination_db=0,
                timeout=_MIGRATE_TIMEOUT_MS,
            )

    async def give(self) -> None:
        """Give the slot to the target, which all nodes learn from it."""
        await self._set(self._at_target, "NODE", self._target.node_id)
        await self._set(self._at_source, "NODE", self._target.node_id)

    async def leave(self) -> None:
        """Close the slot with the source as its owner still; no key may have been moved."""
        await self._set(self._at_source, "STABLE")
        await self._set(self._at_target, "STABLE")

    async def complete(self) -> None:
        """Move the slot from the first to the last step."""
        await self.open()
        await self.move_keys()
        await self.give()

    async def _set(self, client: Redis, *state: str) -> None:
        """Set the state of the slot at a node; Valkey refuses that while its replica is behind."""
        async with asyncio.timeout(30):
            while True:
                try:
                    await _run(client, "SETSLOT", self.slot, *state)
                except ResponseError as error:
                    if not str(error).startswith("NOREPLICAS"):
                        raise
                else:
                    return


async def migrate_atomically(
    source: ClusterNodeProcess, target: ClusterNodeProcess, slots: Collection[int]
) -> None:
    """
    Move slots of a Valkey from 9.0 on together, and wait until that is done.

    Raises:
        AssertionError: It failed, or takes too long.
    """
    ranges = [bound for slot in slots for bound in (slot, slot)]
    await source.run("CLUSTER MIGRATESLOTS", "SLOTSRANGE", *ranges, "NODE", target.node_id)

    async def is_done() -> bool:
        jobs = await source.run("CLUSTER GETSLOTMIGRATIONS")
        assert all(job["state"] == "success" for job in jobs), jobs
        return True

    await eventually(is_done, f"{len(slots)} slots at {target.port}", within=60)


def _client(node: ClusterNodeProcess) -> Redis:
    return Redis(host="127.0.0.1", port=node.port, decode_responses=True, socket_timeout=60)


async def _run(client: Redis, *command: str | int) -> Any:
    execute: Any = client.execute_command
    return await execute("CLUSTER", *command)

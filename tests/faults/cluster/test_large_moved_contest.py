"""A contest of 300,000 users that moves to another master: both are silent for a while."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from redis.crc import key_slot

from faults.cluster.open_loop import OpenLoop
from faults.cluster.variants import Variant, on_each_engine
from harness.calls import add, top
from harness.cluster import ClusterNodeProcess, ClusterStores
from harness.service import ServiceProcess
from harness.slot_move import SlotMove, migrate_atomically
from harness.stores import Flavour
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.storage import keys
from leaderboard_server.storage.cluster.node import POLL_TIMEOUT_S

_log = logging.getLogger(__name__)

_USERS = 300_000
_AT_ONCE = 2_500
_NODE_TIMEOUT_MS = 15_000
"""The default: no replica takes over meanwhile."""
_RATE = 60.0
_FILL = """
local rows, entries = {}, {}
for i = ARGV[1], ARGV[2] do
  local tie = string.format('%014x', ARGV[3] - 1 - i)
  rows[#rows + 1], rows[#rows + 2] = i, tie .. 'u' .. i
  entries[#entries + 1], entries[#entries + 2] = 'u' .. i, tie
end
redis.call('ZADD', KEYS[1], unpack(rows))
redis.call('HSET', KEYS[2], unpack(entries))
redis.call('HSET', KEYS[3], 'revision', ARGV[2])
"""
"""Writes rows as commits do, user i at revision i."""


class _Silence:
    """The longest time in which nodes answered nothing, from the beginning of a block.

    Attributes:
        longest: That of each node, in seconds.
    """

    def __init__(self, *nodes: ClusterNodeProcess) -> None:
        self._nodes = nodes
        self._ended = False
        self.longest = dict.fromkeys(nodes, 0.0)

    @contextlib.asynccontextmanager
    async def measured(self) -> AsyncIterator[None]:
        """Measure until the block ends."""
        self._ended = False
        async with asyncio.TaskGroup() as group:
            for node in self._nodes:
                group.create_task(self._measure(node))
            try:
                yield
            finally:
                self._ended = True

    async def _measure(self, node: ClusterNodeProcess) -> None:
        async with node.client() as client:
            while not self._ended:
                sent = time.monotonic()
                await client.ping()
                self.longest[node] = max(self.longest[node], time.monotonic() - sent)
                await asyncio.sleep(0.002)


async def _seed(cluster: ClusterStores, server: ServiceProcess, contest_id: str) -> None:
    """Begin a contest, and fill it."""
    await add(server.stub, contest_id, "first", 1)
    names = keys.of_contest(contest_id)[:3]
    async with cluster.master_of(contest_id).client() as client:
        for first in range(2, _USERS + 1, _AT_ONCE):
            last = min(first + _AT_ONCE - 1, _USERS)
            await client.eval(_FILL, len(names), *names, str(first), str(last), str(MAX_SCORE))


@on_each_engine
async def test_a_large_contest_moves(
    variant: Variant, cluster: ClusterStores, tmp_path: Path
) -> None:
    """Calls to other contests of both nodes wait, and fail only if a node is silent for long."""
    for node in cluster.nodes:
        await node.run("CONFIG SET", "cluster-node-timeout", _NODE_TIMEOUT_MS)
    large, *others = cluster.contests(0, 5)
    others += cluster.contests(1, 4)
    source, target = cluster.masters[:2]
    slot = key_slot(large.encode())
    async with ServiceProcess(tmp_path / "service", redis_url=cluster.url) as server:
        await _seed(cluster, server, large)
        assert (await top(server.stub, large, limit=1)).total_users == _USERS
        async with SlotMove(slot, source, target) as move:
            await _moved(server, others, _Silence(source, target), move.complete(), "key by key")
        await _assert_whole(server, large, _USERS + 1)
        if variant.flavour is Flavour.VALKEY:
            moving = migrate_atomically(target, source, [slot])
            await _moved(server, others, _Silence(source, target), moving, "atomically")
            await _assert_whole(server, large, _USERS + 2)


async def _moved(
    server: ServiceProcess,
    others: list[str],
    silence: _Silence,
    moving: Coroutine[Any, Any, None],
    how: str,
) -> None:
    """Move it while other contests are written to, and compare their calls with the silence."""
    async with silence.measured(), OpenLoop([server], others, rate=_RATE) as load:
        await asyncio.sleep(1)
        begun = time.monotonic()
        await moving
        took = time.monotonic() - begun
        await asyncio.sleep(1)
    longest, slowest = max(silence.longest.values()), max(call.seconds for call in load.calls)
    failed = [call for call in load.calls if call.error]
    silent = [round(seconds, 3) for seconds in silence.longest.values()]
    _log.info(
        "%s: %.3f s, silent %s, slowest call %.3f s, failed %d of %d",
        *(how, took, silent, slowest, len(failed), len(load.calls)),
    )
    assert not failed or longest > POLL_TIMEOUT_S, failed[0]


async def _assert_whole(server: ServiceProcess, contest_id: str, users: int) -> None:
    """Check that a contest has all users but one, and write that one."""
    answer = await add(server.stub, contest_id, f"user-{users}", users)
    assert (answer.user.place, answer.position.revision) == (1, users)
    assert (await top(server.stub, contest_id, limit=1)).total_users == users

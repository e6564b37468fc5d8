"""Checked watches of many contests on a cluster, and writes to these contests."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from functools import partial

from redis.crc import REDIS_CLUSTER_HASH_SLOTS as SLOTS
from redis.crc import key_slot

from harness.cluster import ClusterNodeProcess
from harness.node import Node
from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.watch import WatchScope
from watch.node_watches import WATCHED, NodeWatch, all_hold

CONTESTS_OF_A_SLOT = 4
WRITERS = 4
_PAUSE_S = 0.002
_OPENED_AT_ONCE = 50
"""Watches: a thousand would hold up the loop that all servers of the test share for seconds."""
_SCOPES = tuple(WatchScope)


def spread_contests(count: int) -> dict[int, list[str]]:
    """Return ids of contests by slot: slots at equal distances, each with a few contests."""
    step = SLOTS * CONTESTS_OF_A_SLOT // count
    contests: dict[int, list[str]] = {slot: [] for slot in range(step // 2, SLOTS, step)}
    missing = len(contests) * CONTESTS_OF_A_SLOT
    for number in itertools.count():
        # Names of one length with other digits alone would be of few slots.
        contest = f"{number * 2_654_435_761 % 2**32:08x}"
        of_slot = contests.get(key_slot(contest.encode()))
        if of_slot is not None and len(of_slot) < CONTESTS_OF_A_SLOT:
            of_slot.append(contest)
            missing -= 1
            if not missing:
                return contests
    raise AssertionError


class ClusterWatches:
    """
    A watch of each contest at one server, and writes at another.

    Attributes:
        watches: The watches.
    """

    def __init__(self, watching: Node, writing: Node, contests: Sequence[str]) -> None:
        self._watching = watching
        self._writing = writing
        self.watches = [
            NodeWatch(scope, contest_id=contest)
            for contest, scope in zip(contests, itertools.cycle(_SCOPES), strict=False)
        ]
        self._contests = contests
        self._turn = itertools.cycle(contests)

    @property
    def live(self) -> int:
        """How many of the contests are followed without a gap."""
        followers = self._watching.followers.by_contest
        return sum(contest in followers and followers[contest].live for contest in self._contests)

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Watch until the block ends; it begins when each watch has a message."""
        tasks = []
        try:
            for first in range(0, len(self.watches), _OPENED_AT_ONCE):
                some = self.watches[first : first + _OPENED_AT_ONCE]
                tasks += [asyncio.create_task(self._watch(watch)) for watch in some]
                await eventually(partial(_all_begun, some), "the snapshots", within=30)
            yield
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends

    async def _watch(self, watch: NodeWatch) -> None:
        after = None
        while True:
            # One that is due for a sign of life while its shard is away is ended, and resumed.
            with contextlib.suppress(StoreUnavailable):
                await watch.run(self._watching, resume_after=after)
            after = watch.checker.position if watch.checker.states else None
            await asyncio.sleep(0.1)

    @contextlib.asynccontextmanager
    async def writes(self) -> AsyncIterator[None]:
        """Write to all contests in turn until the block ends, whichever shards are away."""
        tasks = [asyncio.create_task(self._write(number)) for number in range(WRITERS)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ends), ends

    async def _write(self, number: int) -> None:
        users = itertools.cycle(sorted(WATCHED))  # others would be no news for some watches
        for points in itertools.count(number):
            with contextlib.suppress(StoreUnavailable):
                await self._writing.add(next(self._turn), next(users), points)
            await asyncio.sleep(_PAUSE_S)

    async def write_all(self) -> None:
        """
        Write to each contest once.

        Raises:
            AssertionError: A contest does not take it for long.
        """

        async def write(contest: str) -> bool:
            with contextlib.suppress(StoreUnavailable):
                await self._writing.add(contest, "ada")
                return True
            return False

        for contest in self._contests:
            await eventually(lambda: write(contest), "a commit", within=30)  # noqa: B023

    async def hold(self) -> None:
        """
        Wait until all contests are followed without a gap, and all watches have the boards.

        Raises:
            AssertionError: They don't in time, or got a wrong message.
        """
        await eventually(lambda: self.live == len(self._contests), "live followers", within=30)
        await all_hold(self._writing, self.watches)


def _all_begun(watches: Sequence[NodeWatch]) -> bool:
    return all(watch.checker.states for watch in watches)


async def subscriptions(nodes: Sequence[ClusterNodeProcess]) -> int:
    """Return how many times the nodes have executed SSUBSCRIBE since they were started."""
    stats = [await node.run("INFO", "commandstats") for node in nodes]
    return sum(of.get("cmdstat_ssubscribe", {}).get("calls", 0) for of in stats)

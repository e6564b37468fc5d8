"""The sweep over all contests, where a shard of the store is away."""

import contextlib
from collections.abc import AsyncIterator
from typing import cast

from harness.uncounted import sweep_instruments
from harness.waiting import eventually
from leaderboard_server.contests.deletion import ExpirySweep
from leaderboard_server.contests.instruments import SweepInstruments
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.storage.contest_store import ContestStore
from leaderboard_server.storage.registry import ContestRegistry

PARTS = 4
"""Parts of the registry that have ids."""


class Shards:
    """
    A registry and contests, spread over two shards.

    Attributes:
        away: The shards that do not reply.
        contests: The ids that have a contest.
        calls: The number of calls by shard.
        looked_at: The contests that were looked at.
    """

    def __init__(self) -> None:
        self.away: set[int] = set()
        self.calls = [0, 0]
        self.looked_at: set[str] = set()
        self.registered = {f"c{shard}.{number}" for shard in range(2) for number in range(100)}
        self.contests = set(self.registered)

    def shard_of_contest(self, contest_id: str) -> int:
        """Return the shard of a contest."""
        return int(contest_id[1])

    def shard_of(self, part: int) -> int:
        """See `ContestRegistry.shard_of`."""
        return part % 2

    def lost_entries(self) -> list[str]:
        """See `ContestRegistry.lost_entries`."""
        return []

    async def read_as_it_is(self, part: int, after: str, _count: int) -> list[str]:
        """See `ContestRegistry.read_as_it_is`; the last digit of an id is its part."""
        self._call(self.shard_of(part))
        if after:
            return []
        return [one for one in sorted(self.registered) if int(one[-1]) % PARTS == part]

    async def exists(self, contest_id: str) -> bool:
        """See `ContestStore.exists`."""
        self._call(self.shard_of_contest(contest_id))
        self.looked_at.add(contest_id)
        return contest_id in self.contests

    async def unregister(self, contest_id: str) -> None:
        """See `ContestStore.unregister`."""
        self._call(self.shard_of_contest(contest_id))
        self.registered.remove(contest_id)

    def _call(self, shard: int) -> None:
        self.calls[shard] += 1
        if shard in self.away:
            raise StoreUnavailable


@contextlib.asynccontextmanager
async def sweeping(shards: Shards, counts: SweepInstruments) -> AsyncIterator[ExpirySweep]:
    """Sweep again and again within the block."""
    sweep = ExpirySweep(
        cast("ContestRegistry", shards),
        cast("ContestStore", shards),
        counts,
        shards.shard_of_contest,
        interval_s=0.01,
    )
    sweep.start()
    try:
        yield sweep
    finally:
        await sweep.close()


async def test_contests_of_other_shards_are_swept() -> None:
    """Where one is away those in parts of others are looked at; the sweep counts as failed."""
    shards, counts = Shards(), sweep_instruments()
    shards.away = {1}
    async with sweeping(shards, counts) as sweep:
        await eventually(lambda: counts.failed.value > 0, "a sweep")
        found = sweep.found

    readable = {one for one in shards.registered if int(one[-1]) % PARTS % 2 == 0}
    assert shards.looked_at == {one for one in readable if shards.shard_of_contest(one) == 0}
    assert (found, counts.complete.value) == (None, 0)


async def test_shard_that_is_away_is_called_no_more() -> None:
    """After the first failures a sweep asks a shard nothing more."""
    shards, counts = Shards(), sweep_instruments()
    shards.away = {0, 1}
    async with sweeping(shards, counts):
        await eventually(lambda: counts.failed.value >= 3, "three sweeps")
    assert max(shards.calls) <= counts.failed.value + 1


async def test_ids_without_a_contest_are_removed_while_a_shard_is_away() -> None:
    """Those of other shards are, by the second sweep that finds none; no others."""
    shards, counts = Shards(), sweep_instruments()
    shards.away = {1}
    shards.contests -= {"c0.0", "c0.1", "c1.0"}
    async with sweeping(shards, counts):
        await eventually(lambda: "c0.0" not in shards.registered, "its removal")
    assert {"c0.1", "c1.0"} <= shards.registered


async def test_sweep_is_complete_once_all_shards_are_back() -> None:
    """The number of contests is that of the latest complete sweep."""
    shards, counts = Shards(), sweep_instruments()
    async with sweeping(shards, counts) as sweep:
        await eventually(lambda: sweep.found == 200, "a complete sweep")
        shards.away = {1}
        shards.contests.discard("c0.0")
        await eventually(lambda: counts.failed.value > 1, "failed sweeps")
        assert sweep.found == 200
        shards.away.clear()
        await eventually(lambda: sweep.found == 199, "a complete sweep")

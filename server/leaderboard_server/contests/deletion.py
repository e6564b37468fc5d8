"""Deletes contests: on request, and those that have expired."""

import asyncio
import random
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import structlog

from leaderboard_server.contests.instruments import SweepInstruments
from leaderboard_server.domain.errors import StoreFailure
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.contest_store import ContestStore
from leaderboard_server.storage.keys import REGISTRY_PARTS
from leaderboard_server.storage.registry import ContestRegistry
from leaderboard_server.tasks import BackgroundTask

_log = structlog.get_logger()

SWEEP_S = 60.0
"""The time between two sweeps, at most a tenth more or less, so that servers sweep in turn."""
_JITTER = 0.1
_IDS_AT_ONCE = 500
"""Ids that are read of a part in one call."""
_IN_FLIGHT = 20
"""Contests that are looked at together."""
_PAUSE_S = 0.01
"""The pause after these: a sweep looks at 2,000 contests a second, and takes 1 % of the store."""


class Deletion:
    """Deletes contests that a caller names. Lives as long as the store."""

    def __init__(self, contests: ContestStore, followers: LogFollowers) -> None:
        """Delete in `contests`; pass it on to `followers` before the caller gets the response."""
        self._contests = contests
        self._followers = followers

    async def delete(self, contest_id: str, epoch: str) -> None:
        """Delete a contest, if it is in this epoch; in any, if the epoch is empty.

        Raises:
            StoreFailure: The store is away; it may have been deleted.
        """
        if deleted := await self._contests.delete(contest_id, epoch):
            self._followers.observe_deletion(contest_id, deleted)


@dataclass
class _Sweep:
    """What one sweep has found so far."""

    contests: int = 0
    absent: set[str] = field(default_factory=set)
    """The ids without a contest that stay registered for now."""
    failed: dict[Hashable, StoreFailure] = field(default_factory=dict)
    """Shards of which a call has failed: the sweep calls them no more."""


class ExpirySweep:
    """Looks at all contests again and again: those that have expired are deleted by that.

    Ids of the registry without a contest, as after a first update that was refused, are removed if
    they had none in the sweep before either: a new contest is registered shortly before it begins.

    Where a shard of the store is away the contests of the others are looked at.
    """

    def __init__(
        self,
        registry: ContestRegistry,
        contests: ContestStore,
        instruments: SweepInstruments,
        shard_of: Callable[[str], Hashable],
        *,
        interval_s: float = SWEEP_S,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        """Look at contests.

        Args:
            registry: Has their ids.

            contests: The contests.

            instruments: Count the sweeps.

            shard_of: Returns what stands for the shard of a contest.

            interval_s: The time between two sweeps.

            randomness: Returns a number from 0 to 1.
        """
        self._registry = registry
        self._contests = contests
        self._instruments = instruments
        self._shard_of = shard_of
        self._interval_s = interval_s
        self._randomness = randomness
        self._absent: set[str] = set()
        """The ids that the latest sweep found without a contest."""
        self.found: int | None = None
        """The number of contests in the latest complete sweep."""
        self._task = BackgroundTask(self._sweep_for_ever, name="sweep-contests")

    def start(self) -> None:
        """Begin to sweep."""
        self._task.start()

    async def close(self) -> None:
        """Stop it."""
        await self._task.close()

    async def _sweep_for_ever(self) -> None:
        while True:
            spread = 1 + _JITTER * (2 * self._randomness() - 1)
            await asyncio.sleep(self._interval_s * spread)
            began = time.monotonic()
            sweep = await self._sweep()
            self._absent = sweep.absent
            if sweep.failed:
                self._instruments.failed.add()  # the monitor logs which shards are away
                reason = str(next(iter(sweep.failed.values())))
                _log.debug("sweep_failed", contests=sweep.contests, reason=reason)
            else:
                seconds = time.monotonic() - began
                self.found = sweep.contests
                self._instruments.complete.add()
                self._instruments.seconds.observe(seconds)
                absent = len(sweep.absent)
                _log.debug("sweep_completed", contests=self.found, absent=absent, seconds=seconds)

    async def _sweep(self) -> _Sweep:
        sweep = _Sweep()
        await self._register_again()
        for part in range(REGISTRY_PARTS):
            shard = self._registry.shard_of(part)
            if shard not in sweep.failed:
                try:
                    await self._sweep_part(part, sweep)
                except StoreFailure as error:
                    sweep.failed[shard] = error
        return sweep

    async def _register_again(self) -> None:
        """Register contests again that a replica may lack which has taken over."""
        lost = self._registry.lost_entries()
        for first in range(0, len(lost), _IN_FLIGHT):
            some = map(self._registry.register, lost[first : first + _IN_FLIGHT])
            for error in await asyncio.gather(*some, return_exceptions=True):
                if error and not isinstance(error, StoreFailure):
                    raise error
            await asyncio.sleep(_PAUSE_S)

    async def _sweep_part(self, part: int, sweep: _Sweep) -> None:
        after = ""
        while ids := await self._registry.read_as_it_is(part, after, _IDS_AT_ONCE):
            for first in range(0, len(ids), _IN_FLIGHT):
                some = ids[first : first + _IN_FLIGHT]
                absent = await self._look_at(
                    [one for one in some if self._shard_of(one) not in sweep.failed], sweep
                )
                for contest_id in absent & self._absent:
                    await self._contests.unregister(contest_id)
                sweep.absent |= absent - self._absent
                await asyncio.sleep(_PAUSE_S)
            after = ids[-1]

    async def _look_at(self, ids: list[str], sweep: _Sweep) -> set[str]:
        """Count contests, and return the ids without one."""
        absent = set[str]()
        found = await asyncio.gather(*map(self._contests.exists, ids), return_exceptions=True)
        for contest_id, exists in zip(ids, found, strict=True):
            if isinstance(exists, StoreFailure):
                sweep.failed[self._shard_of(contest_id)] = exists
            elif isinstance(exists, BaseException):
                raise exists
            elif exists:
                sweep.contests += 1
            else:
                absent.add(contest_id)
        return absent

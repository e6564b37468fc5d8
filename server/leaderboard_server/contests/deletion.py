"""Deletes contests: on request, and those that have expired."""

import asyncio
import random
import time
from collections.abc import Callable

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


class ExpirySweep:
    """Looks at all contests again and again: those that have expired are deleted by that.

    Ids of the registry without a contest, as after a first update that was refused, are removed if
    they had none in the sweep before either: a new contest is registered shortly before it begins.
    """

    def __init__(
        self,
        registry: ContestRegistry,
        contests: ContestStore,
        instruments: SweepInstruments,
        *,
        interval_s: float = SWEEP_S,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        """Look at the contests of `registry` in `contests`."""
        self._registry = registry
        self._contests = contests
        self._instruments = instruments
        self._interval_s = interval_s
        self._randomness = randomness
        self._absent: set[str] = set()
        """The ids without a contest in the latest sweep."""
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
            try:
                await self._sweep()
            except StoreFailure as error:
                self._absent.clear()  # the monitor logs that the store is away
                self._instruments.failed.add()
                _log.debug("sweep_failed", reason=str(error))
            else:
                seconds = time.monotonic() - began
                self._instruments.complete.add()
                self._instruments.seconds.observe(seconds)
                absent = len(self._absent)
                _log.debug("sweep_completed", contests=self.found, absent=absent, seconds=seconds)

    async def _sweep(self) -> None:
        absent: set[str] = set()
        found = 0
        for part in range(REGISTRY_PARTS):
            after = ""
            while ids := await self._registry.read_as_it_is(part, after, _IDS_AT_ONCE):
                for first in range(0, len(ids), _IN_FLIGHT):
                    exist, gone = await self._look_at(ids[first : first + _IN_FLIGHT])
                    found += exist
                    absent |= gone
                    await asyncio.sleep(_PAUSE_S)
                after = ids[-1]
        self._absent = absent
        self.found = found

    async def _look_at(self, ids: list[str]) -> tuple[int, set[str]]:
        """Return the number of contests, and the ids without one that stay registered for now."""
        exist = await asyncio.gather(*map(self._contests.exists, ids))
        absent = {contest_id for contest_id, exists in zip(ids, exist, strict=True) if not exists}
        for contest_id in absent & self._absent:
            await self._contests.unregister(contest_id)
        return sum(exist), absent - self._absent

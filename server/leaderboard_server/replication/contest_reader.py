"""Reads contests at the times at which they change by themselves: seasons and contests end.

Only the store says that it is so, by its own clock: a read after the end of a season is what ends
it, and a closed contest comes with the position of its last change. A server knows when to ask.
"""

import asyncio
from functools import partial

import structlog

from leaderboard_server.domain.contest import Contest
from leaderboard_server.domain.errors import StoreFailure
from leaderboard_server.storage.store import Store
from leaderboard_server.tasks import Keyed

_log = structlog.get_logger()

READS_AT_ONCE = 32
"""Contests that are read from a shard at a time, since many may end at the same moment."""
RETRY_S = 0.5
"""Delay before a contest is read again after an error; after each further one twice as long."""
LONGEST_RETRY_S = 8.0
"""The longest such delay. Many contests may be due in a store that refuses to end their seasons."""
LONGEST_SLEEP_S = 60.0
"""The longest time until a contest that has an end is read again."""
EXACT_S = 10.0
"""The time before the end from which on a contest is read right at the end."""
SLEPT_SHARE = 0.9
"""The share of a longer time after which it is read again: clocks run at different rates."""


class ContestReader:
    """Reads contests from the store, a few at a time. Lives as long as the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slots = Keyed(partial(asyncio.Semaphore, READS_AT_ONCE))

    async def read(self, contest_id: str) -> Contest | None:
        """Read a contest, however long the store is away; None if there is none."""
        delay_s = RETRY_S
        while True:
            try:
                async with self._slots.of(self._store.shard_of(contest_id)):
                    return await self._store.contests.read(contest_id)
            except StoreFailure:
                pass
            except Exception:  # noqa: BLE001 - else nothing would end by itself
                _log.exception("contest_unreadable", contest_id=contest_id)
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, LONGEST_RETRY_S)


def sleep_s(left_s: float) -> float:
    """Return how long to sleep before a contest is read again that has this time left."""
    return left_s if left_s < EXACT_S else min(SLEPT_SHARE * left_s, LONGEST_SLEEP_S)

"""Keeps what was read of kept seasons for a while; equal reads in flight share one store call."""

import itertools
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cachetools import TTLCache

from leaderboard_server.domain.position import Position
from leaderboard_server.tasks import SharedCalls

TTL_S = 30.0
"""How long a result is kept. A user that another server erases is in it for that long."""
MAX_ROWS = 50_000
"""The most rows of all results, which take about 25 MB."""
_FORGOTTEN_S = 2 * TTL_S
"""How long it is known that a contest was forgotten: longer than any earlier result is kept."""
MAX_FORGOTTEN = 50_000
"""The most contests of which that is known, which take about 15 MB. Beyond them all results are
forgotten: a server that meets many contests for the first time forgets each of them."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class KeptRead(Generic[Result]):
    """What was read of a kept season."""

    result: Result
    position: Position
    """The position of the season."""
    rows: int
    """How many rows it holds."""


Work = Callable[[], Coroutine[Any, Any, KeptRead[Result]]]
"""Reads from the store."""


class KeptCache:
    """Keeps reads by contest and query. Lives as long as the store."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Keep reads for a time by `clock`, which returns monotonic seconds."""
        self._reads: TTLCache[Hashable, KeptRead[Any]] = TTLCache(
            MAX_ROWS, TTL_S, timer=clock, getsizeof=lambda read: read.rows + 1
        )
        self._calls = SharedCalls(name="read-kept-season")
        self._generations: TTLCache[str, int] = TTLCache(MAX_FORGOTTEN, _FORGOTTEN_S, timer=clock)
        """A number for each contest that was forgotten lately. It is part of the keys, so that
        neither a read from before nor one that was in flight is found again."""
        self._numbers = itertools.count(1)
        self._common = next(self._numbers)
        """The number of all other contests."""

    def get(self, contest_id: str, query: Hashable) -> KeptRead[Any] | None:
        """Return what is kept of a query, else None."""
        return self._reads.get(self._key(contest_id, query))

    async def read(
        self, contest_id: str, query: Hashable, work: Work[Result], *, again: bool = False
    ) -> KeptRead[Result]:
        """Join the read of a query that is in flight, or start one; keep the result.

        With `again` none is joined: what it began with may be behind by now.
        """
        key = self._key(contest_id, query)

        async def read_and_keep() -> KeptRead[Result]:
            read = await work()
            self._reads[key] = read
            return read

        return await self._calls.run(key, read_and_keep, alone=again)

    def forget(self, contest_id: str) -> None:
        """Keep nothing of a contest that was read so far, or is being read."""
        if len(self._generations) == MAX_FORGOTTEN:
            self._generations.clear()
            self._common = next(self._numbers)
        self._generations[contest_id] = next(self._numbers)

    def _key(self, contest_id: str, query: Hashable) -> Hashable:
        return contest_id, self._generations.get(contest_id, self._common), query

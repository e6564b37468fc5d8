"""Lists contests in the order of their ids: merges the parts of the registry, then reads them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from leaderboard_server.domain.contest import Contest, ContestsPage, ContestsQuery
from leaderboard_server.storage.contest_store import ContestStore
from leaderboard_server.storage.keys import REGISTRY_PARTS
from leaderboard_server.storage.registry import ContestRegistry

_READ_AT_ONCE = 20
"""Contests that are read together: about 1 ms. Other calls get a turn in between."""
_SPARE_IDS = 8
"""Ids of each part that are read beyond twice its share of a page: parts differ in size."""

ReadPart: TypeAlias = Callable[[int, str, int], Awaitable[list[str]]]
"""Reads the ids of a part, in order: the part, the id that all come after, and how many at most."""


@dataclass
class _Part:
    """What was read of a part of the registry."""

    number: int
    ids: list[str]
    complete: bool
    """Whether the part has no further ids."""


class ContestList:
    """Reads pages of contests. Lives as long as the store."""

    def __init__(self, registry: ContestRegistry, contests: ContestStore) -> None:
        """Find ids in `registry`, and their contests in `contests`."""
        self._registry = registry
        self._contests = contests

    async def page(self, query: ContestsQuery) -> ContestsPage:
        """Return a page. It is short where ids of the registry have no contest of the state.

        Raises:
            StoreFailure: The store is away, or the registry had to be filled and was refused.
        """
        ids, next_after = await self.ids(query)
        contests = await self._read(ids)
        if query.state:
            contests = [contest for contest in contests if contest.state is query.state]
        return ContestsPage(contests, next_after)

    async def ids(self, query: ContestsQuery) -> tuple[list[str], str]:
        """Return the ids of a page, whatever their state, and `next_after` of the page.

        Raises:
            StoreFailure: As from `page`.
        """

        async def read_part(part: int, after: str, count: int) -> list[str]:
            return await self._registry.read(part, query.id_prefix, after, count)

        # One more, to know whether another page follows.
        ids = await merged_ids(read_part, query.after, query.page_size + 1)
        page = ids[: query.page_size]
        return page, page[-1] if len(ids) > len(page) else ""

    async def _read(self, ids: Sequence[str]) -> list[Contest]:
        contests: list[Contest] = []
        for first in range(0, len(ids), _READ_AT_ONCE):
            some = ids[first : first + _READ_AT_ONCE]
            found = await asyncio.gather(*map(self._contests.read, some))
            contests += filter(None, found)
        return contests


async def merged_ids(read_part: ReadPart, after: str, count: int) -> list[str]:
    """Return the first `count` ids of all parts together, in order.

    Of each part about twice its share is read at first, and more where that was not enough.
    """
    at_first = 2 * count // REGISTRY_PARTS + _SPARE_IDS
    found = await asyncio.gather(
        *(read_part(number, after, at_first) for number in range(REGISTRY_PARTS))
    )
    parts = [_Part(number, ids, len(ids) < at_first) for number, ids in enumerate(found)]
    while True:
        # The ids up to the end of the part that was read least far are known in all parts.
        behind = min(
            (part for part in parts if not part.complete),
            key=lambda part: part.ids[-1],
            default=None,
        )
        known = sorted(_up_to(behind.ids[-1] if behind else None, parts))
        missing = count - len(known)
        if behind is None or missing <= 0:
            return known[:count]
        more = await read_part(behind.number, behind.ids[-1], missing)
        behind.ids += more
        behind.complete = len(more) < missing


def _up_to(last: str | None, parts: Sequence[_Part]) -> Iterator[str]:
    for part in parts:
        for contest_id in part.ids:
            if last is not None and contest_id > last:
                break
            yield contest_id

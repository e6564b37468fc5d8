"""The use cases of contests themselves: each delegates, long lists in turn."""

from functools import partial

from leaderboard_server.board.row_queue import RowQueue
from leaderboard_server.contests.listing import ContestList
from leaderboard_server.contests.settings import Settings
from leaderboard_server.domain.contest import (
    Contest,
    ContestSettings,
    ContestsPage,
    ContestsQuery,
    SettingsChange,
)

CONTESTS_IN_FLIGHT = 1_000
"""Contests of lists that are read at a time: about 10 ms of the store."""


class ContestService:
    """Serves the calls of every listener. Lives as long as its parts."""

    def __init__(self, settings: Settings, contest_list: ContestList) -> None:
        self._settings = settings
        self._list = contest_list
        # Bounded by the number of calls: each reads 1,000 contests at most.
        self._pages = RowQueue(CONTESTS_IN_FLIGHT)

    async def create(self, contest_id: str, settings: ContestSettings) -> Contest:
        """Create a contest; see `contests.settings.Settings`."""
        return await self._settings.create(contest_id, settings)

    async def get(self, contest_id: str) -> Contest:
        """Return a contest; see `contests.settings.Settings`."""
        return await self._settings.read(contest_id)

    async def update(self, change: SettingsChange) -> Contest:
        """Change settings of a contest; see `contests.settings.Settings`."""
        return await self._settings.update(change)

    async def list(self, query: ContestsQuery) -> ContestsPage:
        """Return a page of contests, once it is its turn; see `contests.listing.ContestList`."""
        return await self._pages.run(query.page_size, partial(self._list.page, query))

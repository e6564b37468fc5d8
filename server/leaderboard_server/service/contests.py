"""The use cases of contests themselves: each delegates, long lists in turn."""

from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any

from leaderboard_server.board.row_queue import RowQueue, RowQueues
from leaderboard_server.contests.deletion import Deletion
from leaderboard_server.contests.listing import ContestList
from leaderboard_server.contests.moderation import ERASED_AT_ONCE, Moderation
from leaderboard_server.contests.seasons import Seasons
from leaderboard_server.contests.settings import Settings
from leaderboard_server.domain.contest import (
    Contest,
    ContestSettings,
    ContestsPage,
    ContestsQuery,
    SettingsChange,
)
from leaderboard_server.domain.moderation import (
    ErasedPart,
    HiddenPage,
    HiddenQuery,
    UsersChanged,
    UsersQuery,
)
from leaderboard_server.domain.seasons import SeasonsPage, SeasonsQuery

CONTESTS_IN_FLIGHT = 1_000
"""Contests of lists that are read at a time: about 10 ms of the store."""
SEASONS_IN_FLIGHT = 1_000
"""Seasons of lists that a shard is asked for at a time."""
USERS_IN_FLIGHT = 1_000
"""Users of a shard that are removed, hidden or read as hidden at a time: up to 20 ms of its
time."""


class ContestService:
    """Serves the calls of every listener. Lives as long as its parts."""

    def __init__(
        self,
        settings: Settings,
        contest_list: ContestList,
        seasons: Seasons,
        deletion: Deletion,
        moderation: Moderation,
        shard_of: Callable[[str], Hashable],
    ) -> None:
        """Serve with these parts; `shard_of` returns what stands for the shard of a contest."""
        self._settings = settings
        self._list = contest_list
        self._seasons = seasons
        self._deletion = deletion
        self._moderation = moderation
        # Bounded by the number of calls: each has 1,000 users, seasons or contests at most.
        self._moderated = RowQueues(shard_of, USERS_IN_FLIGHT)
        self._season_pages = RowQueues(shard_of, SEASONS_IN_FLIGHT)
        self._pages = RowQueue(CONTESTS_IN_FLIGHT)
        """For calls that need all shards: the registry is spread over them."""

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

    async def reset(self, contest_id: str, season: int) -> Contest:
        """End a season of a contest; see `contests.seasons.Seasons`."""
        return await self._seasons.end(contest_id, season)

    async def seasons(self, query: SeasonsQuery) -> SeasonsPage:
        """Return a page of seasons, once it is its turn; see `contests.seasons.Seasons`."""
        queue = self._season_pages.of(query.contest_id)
        return await queue.run(query.page_size, partial(self._seasons.page, query))

    async def delete(self, contest_id: str, epoch: str) -> None:
        """Delete a contest; see `contests.deletion.Deletion`."""
        await self._deletion.delete(contest_id, epoch)

    async def remove_users(self, query: UsersQuery) -> UsersChanged:
        """Remove users, once it is their turn; see `contests.moderation.Moderation`."""
        return await self._moderate(query, self._moderation.remove)

    async def hide_users(self, query: UsersQuery) -> UsersChanged:
        """Hide users, once it is their turn; see `contests.moderation.Moderation`."""
        return await self._moderate(query, self._moderation.hide)

    async def unhide_users(self, query: UsersQuery) -> UsersChanged:
        """End the hiding of users, once it is their turn; see `contests.moderation.Moderation`."""
        return await self._moderate(query, self._moderation.unhide)

    async def hidden_users(self, query: HiddenQuery) -> HiddenPage:
        """Return hidden users, once it is their turn; see `contests.moderation.Moderation`."""
        queue = self._moderated.of(query.contest_id)
        return await queue.run(query.page_size, partial(self._moderation.hidden, query))

    async def erase_user(self, user_id: str, after: str) -> ErasedPart:
        """Erase a user from a part of all contests, once it is its turn."""
        erase = partial(self._moderation.erase, user_id, after)
        return await self._pages.run(ERASED_AT_ONCE, erase)

    async def _moderate(
        self, query: UsersQuery, change: Callable[[UsersQuery], Coroutine[Any, Any, UsersChanged]]
    ) -> UsersChanged:
        queue = self._moderated.of(query.contest_id)
        return await queue.run(len(query.user_ids), partial(change, query))

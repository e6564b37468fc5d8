"""Removes, hides and erases users, so that no later read of this server is behind."""

import asyncio
from collections.abc import Sequence

from leaderboard_server.contests.listing import ContestList
from leaderboard_server.domain.contest import ContestsQuery
from leaderboard_server.domain.moderation import (
    ErasedPart,
    HiddenPage,
    HiddenQuery,
    HiddenUser,
    UsersChanged,
    UsersQuery,
)
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.moderation_store import ModerationReply, ModerationStore
from leaderboard_server.storage.season_store import ErasedSeasons, SeasonStore

ERASED_AT_ONCE = 500
"""Contests of one part of an erasure: about 10 ms of the store where few hold the user."""
SEASONS_OF_PART = 5_000
"""Kept seasons after which a part ends: about 15 ms of the store where few hold the user."""
_SEASONS_AT_ONCE = 50
"""Kept seasons of one call: up to 2 ms of the store."""
_PARTS_OF_PAGE = 4
"""Parts that a page of hidden users has, about. Only one that is larger than a page is split: then
some of its users may be missing if the store rearranges them meanwhile."""
_IN_FLIGHT = 4
"""Contests that a user is erased from together, up to 10 ms each: commits get a turn in between."""


class Moderation:
    """Moderates users. Lives as long as the store.

    Raises:
        StoreFailure: From every method: the store is away.
    """

    def __init__(
        self,
        users: ModerationStore,
        seasons: SeasonStore,
        contests: ContestList,
        followers: LogFollowers,
    ) -> None:
        """Use `users`; erase from `contests`, kept `seasons` of them too.

        Pass on to `followers` what a caller gets.
        """
        self._users = users
        self._seasons = seasons
        self._contests = contests
        self._followers = followers

    async def remove(self, query: UsersQuery) -> UsersChanged:
        """Remove users; count those that had a score."""
        return self._observe(await self._users.remove(*query))

    async def hide(self, query: UsersQuery) -> UsersChanged:
        """Hide users; count those that were not hidden."""
        return self._observe(await self._users.hide(*query))

    async def unhide(self, query: UsersQuery) -> UsersChanged:
        """End the hiding of users; count those that were hidden."""
        return self._observe(await self._users.unhide(*query))

    async def hidden(self, query: HiddenQuery) -> HiddenPage:
        """Return a page of hidden users."""
        contest_id, page_size, cursor, after = query
        part_size = max(1, page_size // _PARTS_OF_PAGE)
        users: list[HiddenUser] = []
        while True:
            part = await self._users.hidden(contest_id, cursor, part_size)
            in_order = sorted(part.users, key=lambda user: user.user_id)
            further = [user for user in in_order if user.user_id > after]
            if users and len(users) + len(further) > page_size:
                return HiddenPage(tuple(users), HiddenQuery(contest_id, page_size, cursor))
            users += further
            if len(users) > page_size:
                last = users[page_size - 1].user_id
                rest = HiddenQuery(contest_id, page_size, cursor, last)
                return HiddenPage(tuple(users[:page_size]), rest)
            cursor, after = part.cursor, ""
            if not cursor or len(users) == page_size:
                following = HiddenQuery(contest_id, page_size, cursor) if cursor else None
                return HiddenPage(tuple(users), following)

    async def erase(self, user_id: str, after: str) -> ErasedPart:
        """Erase a user from the contests that come after one, up to `ERASED_AT_ONCE`.

        Fewer, if these keep many seasons.
        """
        ids, next_after = await self._contests.ids(ContestsQuery("", after, ERASED_AT_ONCE))
        changed = seasons = 0
        for first in range(0, len(ids), _IN_FLIGHT):
            if seasons > SEASONS_OF_PART:
                return ErasedPart(changed, ids[first - 1])
            some = ids[first : first + _IN_FLIGHT]
            for kept, held in await asyncio.gather(*(self._erase(one, user_id) for one in some)):
                seasons += kept
                changed += held
        return ErasedPart(changed, next_after)

    async def _erase(self, contest_id: str, user_id: str) -> tuple[int, bool]:
        """Erase a user from a contest; return how many seasons it keeps, and whether it held it.

        After kept seasons the current one again: a write in between takes over the name that the
        user had in the season before. Where the season ended meanwhile, that one too.
        """
        current = self._observe(await self._users.erase(contest_id, user_id))
        kept, held, erased_below = 0, current.number > 0, 1
        while (season := current.position.season) > erased_below:
            erased = await self._erase_from_kept(contest_id, user_id, range(erased_below, season))
            erased_below = season
            current = self._observe(await self._users.erase(contest_id, user_id))
            kept += erased.kept
            held = held or erased.holders > 0 or current.number > 0
        return kept, held

    async def _erase_from_kept(
        self, contest_id: str, user_id: str, seasons: Sequence[int]
    ) -> ErasedSeasons:
        """Erase a user from kept seasons, the latest first; earlier ones may not be kept."""
        kept = holders = 0
        for end in range(len(seasons), 0, -_SEASONS_AT_ONCE):
            some = seasons[max(0, end - _SEASONS_AT_ONCE) : end]
            erased = await self._seasons.erase(contest_id, user_id, some)
            kept += erased.kept
            holders += erased.holders
            if erased.kept < len(some):
                break
        return ErasedSeasons(kept, holders)

    def _observe(self, reply: ModerationReply) -> UsersChanged:
        if reply.payload:
            self._followers.observe_own_commit(reply)
        else:
            self._followers.observe_read(reply.contest_id, reply.result.position)
        return reply.result

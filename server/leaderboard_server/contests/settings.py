"""Creates contests and changes their settings, so that no later read of this server is behind."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from leaderboard_server.domain.contest import (
    Contest,
    ContestSettings,
    SettingsChange,
    reordering_rule,
)
from leaderboard_server.domain.errors import (
    ContestAlreadyExists,
    ContestNotFound,
    RulesLocked,
    SettingsContended,
)
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.contest_store import ContestStore, SettingsOutcome, SettingsReply
from leaderboard_server.tasks import Keyed

_ATTEMPTS = 30
"""How often a change is tried while other servers change the settings meanwhile."""
_PAUSE_S = 0.02
"""The longest pause between two attempts, which lets the other servers come first."""


class Settings:
    """Reads and writes the settings of contests. Lives as long as the store.

    Raises:
        StoreFailure: From every method: the store is away, or full where it is written to.
    """

    def __init__(
        self,
        contests: ContestStore,
        followers: LogFollowers,
        *,
        randomness: Callable[[], float] = random.random,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Use `contests`; pass on to `followers` what a caller gets."""
        self._contests = contests
        self._followers = followers
        self._randomness = randomness
        self._sleep = sleep
        self._changing = Keyed(asyncio.Lock)

    async def read(self, contest_id: str) -> Contest:
        """Return a contest.

        Raises:
            ContestNotFound: There is none.
        """
        contest = await self._contests.read(contest_id)
        if contest is None:
            raise ContestNotFound(contest_id)
        self._followers.observe_read(contest_id, contest.position)
        return contest

    async def create(self, contest_id: str, settings: ContestSettings) -> Contest:
        """Create a contest, or return the one that exists with these settings.

        Raises:
            ContestAlreadyExists: It exists with other settings.
        """
        reply = await self._contests.create(contest_id, settings)
        self._observe(reply)
        if reply.contest.settings != settings:
            raise ContestAlreadyExists(contest_id)
        return reply.contest

    async def update(self, change: SettingsChange) -> Contest:
        """Change settings, and return the contest after it.

        Raises:
            ContestNotFound: There is no such contest.

            InvalidRequest: The settings would contradict each other.

            RulesLocked: A rule would reorder a board that has scores.

            SettingsContended: Other servers kept changing the settings.
        """
        # One at a time, so that only changes through other servers come between.
        async with self._changing.of(change.contest_id):
            return await self._update(change)

    async def _update(self, change: SettingsChange) -> Contest:
        before = (await self.read(change.contest_id)).settings
        for _ in range(_ATTEMPTS):
            after = change.applied_to(before)
            reply = await self._contests.update(change.contest_id, before, after)
            if reply.outcome is SettingsOutcome.ABSENT:
                break
            self._observe(reply)
            if reply.contest.settings == after:
                return reply.contest
            if reply.outcome is SettingsOutcome.LOCKED:
                rule = reordering_rule(before.rules, after.rules)
                raise RulesLocked(change.contest_id, f"rules.{rule}")
            before = reply.contest.settings
            await self._sleep(_PAUSE_S * self._randomness())
        else:
            raise SettingsContended(change.contest_id)
        raise ContestNotFound(change.contest_id)

    def _observe(self, reply: SettingsReply) -> None:
        if reply.written:
            self._followers.observe_own_commit(reply)
        else:
            self._followers.observe_read(reply.contest_id, reply.contest.position)

"""Reads, creates, changes and deletes contests."""

import asyncio
import contextlib
from enum import StrEnum
from typing import NamedTuple

from leaderboard_server.callbacks import settle
from leaderboard_server.domain.change import Commit, Mark
from leaderboard_server.domain.contest import Contest, ContestSettings, reordering_rule
from leaderboard_server.domain.errors import StoreFailure
from leaderboard_server.domain.position import BEGINNING
from leaderboard_server.storage import scripts
from leaderboard_server.storage.contest_scripts import ContestScripts, Read
from leaderboard_server.storage.recovery import NextReset, end_of_season
from leaderboard_server.storage.registration import Registration
from leaderboard_server.storage.settings_codec import (
    decode_contest,
    encode_number,
    encode_settings,
)


class SettingsOutcome(StrEnum):
    """The outcome of a request to create a contest or to change its settings."""

    CREATED = "created"
    EXISTS = "exists"
    UPDATED = "updated"
    SAME = "same"
    """The settings are those that were to be written."""
    CHANGED = "changed"
    """They are others than those that were read before."""
    LOCKED = "locked"
    """The new rules would reorder a board that has scores."""
    ABSENT = "absent"
    """There is no contest."""


class SettingsReply(NamedTuple):
    """The store's reply to such a request."""

    contest: Contest
    """The contest after it."""
    outcome: SettingsOutcome

    @property
    def written(self) -> bool:
        """Whether the settings were written."""
        return self.outcome in (SettingsOutcome.CREATED, SettingsOutcome.UPDATED)

    @property
    def contest_id(self) -> str:
        """The contest."""
        return self.contest.contest_id

    def commit(self) -> Commit:
        """Return the commit by which the settings were written."""
        epoch, revision = self.contest.position
        total = self.contest.total_users
        mark = Mark.CONTEST_UPDATED
        return Commit(self.contest_id, epoch, revision - 1, revision, total, (), mark=mark)


class ContestStore:
    """Reads, writes and deletes contests. Lives as long as the store.

    Raises:
        StoreFailure: From every method: the store is away, or full where it is written to.
    """

    def __init__(
        self,
        contest_scripts: ContestScripts,
        registration: Registration,
        history_changes: int,
        next_reset: NextReset,
    ) -> None:
        """Run scripts.

        Args:
            contest_scripts: Runs them.

            registration: Registers contests before they begin.

            history_changes: How many changes of a contest the log keeps.

            next_reset: Computes when seasons end.
        """
        self._scripts = contest_scripts
        self._registration = registration
        self._history_changes = history_changes
        self._next_reset = next_reset

    def read(self, contest_id: str) -> asyncio.Future[Contest | None]:
        """Read a contest; None if there is none."""
        result: asyncio.Future[Contest | None] = asyncio.get_running_loop().create_future()

        def on_read(read: Read | Exception) -> None:
            if not isinstance(read, Exception):
                contest = decode_contest(contest_id, *read)
                settle(result, contest if contest.position != BEGINNING else None)
            else:
                settle(result, read)

        self._scripts.start_read(scripts.READ_CONTEST, contest_id, on_read)
        return result

    async def create(self, contest_id: str, settings: ContestSettings) -> SettingsReply:
        """Create a contest, unless it exists."""
        await self._registration.run(contest_id)
        reset_at = await self._reset_at(contest_id, settings)
        arguments = (reset_at, *encode_settings(settings))
        return await self._change(scripts.CREATE_CONTEST, contest_id, *arguments)

    async def update(
        self, contest_id: str, before: ContestSettings, after: ContestSettings
    ) -> SettingsReply:
        """Change the settings of a contest, if they are still those from before."""
        reorders = str(int(reordering_rule(before.rules, after.rules) is not None))
        reset_at = await self._reset_at(contest_id, after)
        arguments = (reorders, reset_at, *encode_settings(before), *encode_settings(after))
        return await self._change(scripts.UPDATE_CONTEST, contest_id, *arguments)

    async def _reset_at(self, contest_id: str, settings: ContestSettings) -> str:
        """Return when the season ends by new settings, empty if it does not.

        Where that time has come when they are written, the season ends at the next read.
        """
        if not settings.reset_schedule:
            return ""
        read = await self._scripts.read(scripts.READ_CONTEST, contest_id)
        now_ms = decode_contest(contest_id, *read).read_at_ms
        schedule, ends_at_ms = settings.reset_schedule, settings.life.ends_at_ms
        return encode_number(end_of_season(self._next_reset, schedule, ends_at_ms, now_ms))

    async def exists(self, contest_id: str) -> bool:
        """Return whether there is a contest. One that has expired is deleted by it."""
        read = await self._scripts.read(scripts.READ_POSITION, contest_id)
        return read.position != BEGINNING

    async def delete(self, contest_id: str, epoch: str) -> str:
        """Delete a contest, if it is in this epoch; in any, if the epoch is empty.

        Returns:
            The epoch that was deleted, empty if nothing was.
        """
        deleted = await self._scripts.recovery.delete(contest_id, epoch)
        if deleted:
            with contextlib.suppress(StoreFailure):  # the sweep does it later
                await self.unregister(contest_id)
        return deleted

    async def unregister(self, contest_id: str) -> None:
        """Remove a contest from the registry, unless it exists."""
        await self._scripts.unregister(contest_id)

    async def _change(
        self, script: scripts.Script, contest_id: str, *arguments: str
    ) -> SettingsReply:
        position, (*rest, outcome) = await self._scripts.write(
            script, contest_id, self._history_changes, *arguments
        )
        contest = decode_contest(contest_id, position, rest)
        return SettingsReply(contest, SettingsOutcome(outcome.decode()))

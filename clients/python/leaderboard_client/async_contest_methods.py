"""The calls of contests that an asyncio client makes."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from leaderboard_client import contest_calls
from leaderboard_client.caller import AsyncCaller
from leaderboard_client.contest import (
    KEEP,
    Contest,
    ContestRules,
    DurationChange,
    NumberChange,
    RuleChanges,
    ScheduleChange,
    TimeChange,
)
from leaderboard_client.enums import ContestState
from leaderboard_client.pages import DEFAULT_PAGE_SIZE, read_pages_async
from leaderboard_client.seasons import ResetSchedule, Season


class AsyncContestMethods:
    """Creates, changes, lists, resets and deletes contests; see `ContestMethods`."""

    _caller: AsyncCaller

    async def create_contest(
        self,
        contest_id: str,
        *,
        display_name: str = "",
        rules: ContestRules | None = None,
        starts_at: datetime | None = None,
        ends_at: datetime | None = None,
        expire_after: timedelta | None = None,
        reset_schedule: ResetSchedule | None = None,
        keep_seasons: int | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> Contest:
        """Create a contest; see `LeaderboardClient.create_contest`."""
        call = contest_calls.create_contest(
            contest_id,
            display_name,
            rules,
            starts_at,
            ends_at,
            expire_after,
            reset_schedule,
            keep_seasons,
        )
        return await self._caller.make(call, timeout)

    async def get_contest(
        self,
        contest_id: str,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> Contest:
        """Read the settings of a contest; see `LeaderboardClient.get_contest`."""
        return await self._caller.make(contest_calls.get_contest(contest_id), timeout)

    def list_contests(
        self,
        *,
        id_prefix: str = "",
        state: ContestState | None = None,
        page_size: int = DEFAULT_PAGE_SIZE,
        timeout: float | None = None,
    ) -> AsyncIterator[Contest]:
        """Iterate over all contests with `async for`; see `LeaderboardClient.list_contests`."""
        first = contest_calls.list_contests(id_prefix, state, page_size)
        return read_pages_async(self._caller, first, timeout)

    async def update_contest(
        self,
        contest_id: str,
        *,
        display_name: str | None = None,
        rules: RuleChanges | None = None,
        starts_at: TimeChange = KEEP,
        ends_at: TimeChange = KEEP,
        expire_after: DurationChange = KEEP,
        reset_schedule: ScheduleChange = KEEP,
        keep_seasons: NumberChange = KEEP,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> Contest:
        """Change settings of a contest; see `LeaderboardClient.update_contest`."""
        call = contest_calls.update_contest(
            contest_id,
            display_name,
            rules,
            starts_at,
            ends_at,
            expire_after,
            reset_schedule,
            keep_seasons,
        )
        return await self._caller.make(call, timeout)

    async def reset_contest(
        self,
        contest_id: str,
        season: int,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> Contest:
        """End a season of a contest; see `LeaderboardClient.reset_contest`."""
        return await self._caller.make(contest_calls.reset_contest(contest_id, season), timeout)

    def list_seasons(
        self,
        contest_id: str,
        *,
        page_size: int = DEFAULT_PAGE_SIZE,
        timeout: float | None = None,
    ) -> AsyncIterator[Season]:
        """Iterate over the seasons with `async for`; see `LeaderboardClient.list_seasons`."""
        first = contest_calls.list_seasons(contest_id, page_size)
        return read_pages_async(self._caller, first, timeout)

    async def delete_contest(
        self,
        contest_id: str,
        *,
        epoch: str = "",
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> None:
        """Delete a contest; see `LeaderboardClient.delete_contest`."""
        await self._caller.make(contest_calls.delete_contest(contest_id, epoch), timeout)

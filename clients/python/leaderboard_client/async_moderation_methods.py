"""The calls that remove, hide and erase users, as an asyncio client makes them."""

from collections.abc import AsyncIterator, Iterable

from leaderboard_client import moderation_calls
from leaderboard_client.caller import AsyncCaller
from leaderboard_client.moderation import ErasedPart, HiddenUser, UsersChanged
from leaderboard_client.pages import DEFAULT_PAGE_SIZE, read_pages_async


class AsyncModerationMethods:
    """Removes, hides and erases users; see `ModerationMethods`."""

    _caller: AsyncCaller

    async def remove_users(
        self,
        contest_id: str,
        user_ids: Iterable[str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> UsersChanged:
        """Remove users from a contest; see `LeaderboardClient.remove_users`."""
        call = moderation_calls.remove_users(contest_id, user_ids)
        return await self._caller.make(call, timeout)

    async def hide_users(
        self,
        contest_id: str,
        user_ids: Iterable[str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> UsersChanged:
        """Hide users of a contest; see `LeaderboardClient.hide_users`."""
        call = moderation_calls.hide_users(contest_id, user_ids)
        return await self._caller.make(call, timeout)

    async def unhide_users(
        self,
        contest_id: str,
        user_ids: Iterable[str],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> UsersChanged:
        """End the hiding of users; see `LeaderboardClient.unhide_users`."""
        call = moderation_calls.unhide_users(contest_id, user_ids)
        return await self._caller.make(call, timeout)

    def list_hidden_users(
        self,
        contest_id: str,
        *,
        page_size: int = DEFAULT_PAGE_SIZE,
        timeout: float | None = None,
    ) -> AsyncIterator[HiddenUser]:
        """Iterate over hidden users with `async for`; see `LeaderboardClient.list_hidden_users`."""
        first = moderation_calls.list_hidden_users(contest_id, page_size)
        return read_pages_async(self._caller, first, timeout)

    def erase_user(
        self, user_id: str, *, page_token: str = "", timeout: float | None = None
    ) -> AsyncIterator[ErasedPart]:
        """Erase a user from all contests with `async for`; see `LeaderboardClient.erase_user`."""
        first = moderation_calls.erase_user(user_id, page_token)
        return read_pages_async(self._caller, first, timeout)

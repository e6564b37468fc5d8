"""The calls of `LeaderboardService` that an asyncio client makes."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from leaderboard_client import calls
from leaderboard_client.caller import AsyncCaller
from leaderboard_client.calls import Outcome
from leaderboard_client.enums import UpdateMode
from leaderboard_client.live_board import DEFAULT_LIMIT
from leaderboard_client.results import (
    Position,
    ScoreRank,
    TopUsers,
    UpdateResult,
    UserRank,
    UserRanks,
)
from leaderboard_client.score_update import ScoreUpdate


class AsyncScoreMethods:
    """Writes scores, and reads boards and ranks; see `ScoreMethods`."""

    _caller: AsyncCaller

    async def update_score(
        self,
        contest_id: str,
        user_id: str,
        points: int,
        *,
        mode: UpdateMode = UpdateMode.UNSPECIFIED,
        request_id: str = "",
        event_type: str = "",
        event_time: datetime | str | None = None,
        display_name: str = "",
        attributes: Mapping[str, str] | None = None,
        clear_display_name: bool = False,
        season: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> UpdateResult:
        """Change the score of one user; see `LeaderboardClient.update_score`."""
        update = ScoreUpdate(
            contest_id,
            user_id,
            points,
            mode,
            request_id,
            event_type,
            event_time,
            display_name,
            attributes or {},
            clear_display_name,
            season,
        )
        return await self._caller.make(calls.update_score(update), timeout)

    async def batch_update_scores(
        self,
        updates: Iterable[ScoreUpdate],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> list[Outcome]:
        """Apply up to 1,000 updates; see `LeaderboardClient.batch_update_scores`."""
        return await self._caller.make(calls.batch_update_scores(updates), timeout)

    async def get_top_users(
        self,
        contest_id: str,
        *,
        limit: int = DEFAULT_LIMIT,
        start_rank: int = 1,
        min_position: Position | None = None,
        season: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> TopUsers:
        """Read consecutive rows, best first; see `LeaderboardClient.get_top_users`."""
        call = calls.get_top_users(contest_id, limit, start_rank, min_position, season)
        return await self._caller.make(call, timeout)

    async def get_user_rank(
        self,
        contest_id: str,
        user_id: str,
        *,
        neighbors: int = 0,
        around: int = 0,
        min_position: Position | None = None,
        season: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> UserRank:
        """Read the score and rank of one user; see `LeaderboardClient.get_user_rank`."""
        call = calls.get_user_rank(contest_id, user_id, neighbors, around, min_position, season)
        return await self._caller.make(call, timeout)

    async def batch_get_user_ranks(
        self,
        contest_id: str,
        user_ids: Iterable[str],
        *,
        min_position: Position | None = None,
        season: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> UserRanks:
        """Read the ranks of up to 1,000 users; see `LeaderboardClient.batch_get_user_ranks`."""
        call = calls.batch_get_user_ranks(contest_id, user_ids, min_position, season)
        return await self._caller.make(call, timeout)

    async def get_score_rank(
        self,
        contest_id: str,
        score: int,
        *,
        around: int = 0,
        min_position: Position | None = None,
        season: int = 0,
        timeout: float | None = None,  # noqa: ASYNC109 (of a call with all its attempts)
    ) -> ScoreRank:
        """Read the rank of a score; see `LeaderboardClient.get_score_rank`."""
        call = calls.get_score_rank(contest_id, score, around, min_position, season)
        return await self._caller.make(call, timeout)

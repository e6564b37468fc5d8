"""The use cases: check what only the values can tell, and pass on to boards, store and watchers."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence

from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.domain.board import Page, Standing
from leaderboard_server.domain.errors import (
    LeaderboardError,
    PositionUnreachable,
    ScoreOutOfRange,
    StoreUnavailable,
    UserNotFound,
)
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import MAX_SCORE, ScoreUpdate, UpdateResult
from leaderboard_server.domain.watch import WatchMessage, WatchRequest
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.watcher import Watchers

Outcome = UpdateResult | LeaderboardError


class LeaderboardService:
    """Serves every call, whichever listener it came through. Lives as long as its parts."""

    def __init__(
        self, committer: Committer, boards: Boards, store: Store, watchers: Watchers
    ) -> None:
        self._committer = committer
        self._boards = boards
        self._store = store
        self._watchers = watchers

    async def update(self, update: ScoreUpdate) -> UpdateResult:
        """Apply one update.

        Raises:
            ScoreOutOfRange: The points or the score would pass the bounds.

            RequestIdReused: The request id was used with another payload.

            StoreUnavailable: The store is away; the update may have been applied.
        """
        if abs(update.points) > MAX_SCORE:
            raise ScoreOutOfRange(update.contest_id, update.user_id)
        (outcome,) = await self._committer.commit(update.contest_id, (update,))
        if isinstance(outcome, LeaderboardError):
            raise outcome
        return outcome

    async def update_batch(
        self, updates: Sequence[ScoreUpdate | LeaderboardError]
    ) -> list[Outcome]:
        """Apply updates, those of one contest in order in one atomic step.

        Args:
            updates: 1 to 1,000 updates; one that was refused already stands as its error.

        Returns:
            One outcome for each update, in order.

        Raises:
            StoreUnavailable: The store took none of them.
        """
        contests: dict[str, list[ScoreUpdate]] = {}
        checked: list[ScoreUpdate | LeaderboardError] = []
        for update in updates:
            if isinstance(update, ScoreUpdate) and abs(update.points) > MAX_SCORE:
                checked.append(ScoreOutOfRange(update.contest_id, update.user_id))
                continue
            checked.append(update)
            if isinstance(update, ScoreUpdate):
                contests.setdefault(update.contest_id, []).append(update)
        groups = await asyncio.gather(*(self._commit(*contest) for contest in contests.items()))
        if groups and all(isinstance(group, StoreUnavailable) for group in groups):
            raise StoreUnavailable
        outcomes = {
            contest_id: itertools.repeat(group)
            if isinstance(group, StoreUnavailable)
            else iter(group)
            for contest_id, group in zip(contests, groups, strict=True)
        }
        return [
            next(outcomes[update.contest_id]) if isinstance(update, ScoreUpdate) else update
            for update in checked
        ]

    async def _commit(
        self, contest_id: str, updates: list[ScoreUpdate]
    ) -> list[Outcome] | StoreUnavailable:
        try:
            return await self._committer.commit(contest_id, updates)
        except StoreUnavailable as error:
            return error

    async def top(
        self, contest_id: str, start_rank: int, count: int, min_position: Position
    ) -> Page:
        """Read `count` ranks (1 to 1,000) of a contest from `start_rank` (from 1) on.

        Raises:
            PositionUnreachable: `min_position` is not in the store's history.

            StoreUnavailable: The store is needed and away.
        """
        return await self._boards.top(contest_id, start_rank, count, min_position)

    async def rank(
        self, contest_id: str, user_id: str, neighbors: int, min_position: Position
    ) -> Standing:
        """Read the rank of a user with up to `neighbors` (0 to 100) users on each side.

        Raises:
            UserNotFound: The user has no score in the contest.

            PositionUnreachable: `min_position` is not in the store's history.

            StoreUnavailable: The store is away.
        """
        position, standing = await self._store.rank(contest_id, user_id, neighbors)
        if not position.reaches(min_position):
            raise PositionUnreachable(contest_id, min_position, position)
        if not standing:
            raise UserNotFound(contest_id, user_id)
        return standing

    def watch(self, request: WatchRequest) -> AsyncGenerator[WatchMessage, None]:
        """Yield what a watcher is told; see `watch.watcher.Watchers.watch`."""
        return self._watchers.watch(request)

"""A batch of many contests: some at a time, and no longer than it takes to find the store away."""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

import pytest

from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.service.leaderboard import CONTESTS_AT_ONCE, LeaderboardService
from leaderboard_server.watch.watchers import Watchers

CONTESTS = 5 * CONTESTS_AT_ONCE // 2


class SomeAway:
    """Commits for those contests that are not on a part of the store that is away."""

    def __init__(self, away: Sequence[str]) -> None:
        self._away = frozenset(away)
        self.asked: list[str] = []
        self.under_way = 0
        self.most = 0

    async def commit(
        self,
        contest_id: str,
        updates: Sequence[ScoreUpdate],
        map_result: Callable[[Sequence[UpdateResult]], list[UpdateResult]],
    ) -> list[UpdateResult]:
        """See `Committer.commit`."""
        self.asked.append(contest_id)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= 1
        if contest_id in self._away:
            raise StoreUnavailable
        user = RankedUser("ada", 1, 1, "")
        result = UpdateResult(user, 0, 0, applied=True, replayed=False, position=Position("e", 1))
        return map_result([result for _ in updates])


def service(committer: SomeAway) -> LeaderboardService:
    """Return a service that does nothing but commit."""
    return LeaderboardService(
        cast("Committer", committer),
        cast("Boards", None),
        cast("Ranks", None),
        cast("Watchers", None),
    )


def batch() -> list[ScoreUpdate]:
    """Return an update of each contest."""
    return [ScoreUpdate(f"c{number}", "ada", 1) for number in range(CONTESTS)]


async def test_contests_are_committed_some_at_a_time() -> None:
    """All are, and never more at once than leave room for others."""
    committer = SomeAway([])
    outcomes = await service(committer).update_batch(batch())
    assert all(isinstance(outcome, UpdateResult) for outcome in outcomes)
    assert len(outcomes) == len(committer.asked) == CONTESTS
    assert committer.most == CONTESTS_AT_ONCE


async def test_a_store_that_is_away_is_asked_once() -> None:
    """Else each round would take the store's whole time, one after the other."""
    committer = SomeAway([update.contest_id for update in batch()])
    with pytest.raises(StoreUnavailable):
        await service(committer).update_batch(batch())
    assert len(committer.asked) == CONTESTS_AT_ONCE


async def test_contests_that_are_not_asked_for_any_more_are_unavailable() -> None:
    """What was committed before the store went away is answered as such."""
    committer = SomeAway([update.contest_id for update in batch()[CONTESTS_AT_ONCE:]])
    outcomes = await service(committer).update_batch(batch())
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [UpdateResult] * CONTESTS_AT_ONCE + [StoreUnavailable] * (
        CONTESTS - CONTESTS_AT_ONCE
    )
    assert len(committer.asked) == 2 * CONTESTS_AT_ONCE

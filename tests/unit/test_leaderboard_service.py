"""Batches of many contests: a few commits at a time, and none after the store is down."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.board.kept_seasons import KeptSeasons
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.service.leaderboard import CONTESTS_AT_ONCE, LeaderboardService
from leaderboard_server.watch.watchers import Watchers

CONTESTS = 5 * CONTESTS_AT_ONCE // 2


class PartlyDown:
    """Commits for contests, except those on a part of the store that is down."""

    def __init__(self, down: Sequence[str]) -> None:
        self._down = frozenset(down)
        self.contests: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0

    async def commit(self, contest_id: str, updates: Sequence[ScoreUpdate]) -> list[UpdateResult]:
        """See `Committer.commit`."""
        self.contests.append(contest_id)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        if contest_id in self._down:
            raise StoreUnavailable
        user = RankedUser("ada", 1, 1, "", 1)
        result = UpdateResult(
            user, 0, 0, 0, applied=True, replayed=False, position=Position("e", 1)
        )
        return [result for _ in updates]


def service(committer: PartlyDown) -> LeaderboardService:
    """Return a service that does nothing but commit."""
    return LeaderboardService(
        cast("Committer", committer),
        cast("Boards", None),
        cast("Ranks", None),
        cast("KeptSeasons", None),
        cast("Watchers", None),
    )


def batch() -> list[ScoreUpdate]:
    """Return one update for each contest."""
    return [ScoreUpdate(f"c{number}", "ada", 1) for number in range(CONTESTS)]


async def test_contests_are_committed_some_at_a_time() -> None:
    """All contests are committed, and never more at once than the limit."""
    committer = PartlyDown([])
    outcomes = await service(committer).update_batch(batch())
    assert all(isinstance(outcome, UpdateResult) for outcome in outcomes)
    assert len(outcomes) == len(committer.contests) == CONTESTS
    assert committer.most_in_flight == CONTESTS_AT_ONCE


async def test_a_store_that_is_down_is_called_once() -> None:
    """After the first failures no further contest is sent to the store."""
    committer = PartlyDown([update.contest_id for update in batch()])
    with pytest.raises(StoreUnavailable):
        await service(committer).update_batch(batch())
    assert len(committer.contests) == CONTESTS_AT_ONCE


async def test_contests_that_were_not_called_are_unavailable() -> None:
    """Updates that were committed before the store went down have their results."""
    committer = PartlyDown([update.contest_id for update in batch()[CONTESTS_AT_ONCE:]])
    outcomes = await service(committer).update_batch(batch())
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [UpdateResult] * CONTESTS_AT_ONCE + [StoreUnavailable] * (
        CONTESTS - CONTESTS_AT_ONCE
    )
    assert len(committer.contests) == 2 * CONTESTS_AT_ONCE

"""Batches of many contests: a few commits at a time, and none to a shard that is down."""

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from harness.waiting import eventually
from leaderboard_server.board.committer import Committer
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.service.batches import CONTESTS_AT_ONCE, Batches

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


def one_shard(_contest_id: str) -> None:
    """Return the only shard."""


def batch() -> list[ScoreUpdate]:
    """Return one update for each contest."""
    return [ScoreUpdate(f"c{number}", "ada", 1) for number in range(CONTESTS)]


async def test_contests_are_committed_some_at_a_time() -> None:
    """All contests are committed, and never more at once than the limit."""
    committer = PartlyDown([])
    outcomes = await Batches(cast("Committer", committer), one_shard).apply(batch())
    assert all(isinstance(outcome, UpdateResult) for outcome in outcomes)
    assert len(outcomes) == len(committer.contests) == CONTESTS
    assert committer.most_in_flight == CONTESTS_AT_ONCE


async def test_a_store_that_is_down_is_called_once() -> None:
    """After the first failures no further contest is sent to the store."""
    committer = PartlyDown([update.contest_id for update in batch()])
    with pytest.raises(StoreUnavailable):
        await Batches(cast("Committer", committer), one_shard).apply(batch())
    assert len(committer.contests) == CONTESTS_AT_ONCE


async def test_contests_that_were_not_called_are_unavailable() -> None:
    """Updates that were committed before the store went down have their results."""
    committer = PartlyDown([update.contest_id for update in batch()[CONTESTS_AT_ONCE:]])
    outcomes = await Batches(cast("Committer", committer), one_shard).apply(batch())
    kinds = [type(outcome) for outcome in outcomes]
    assert kinds == [UpdateResult] * CONTESTS_AT_ONCE + [StoreUnavailable] * (
        CONTESTS - CONTESTS_AT_ONCE
    )
    assert len(committer.contests) == 2 * CONTESTS_AT_ONCE


async def test_contests_of_other_shards_are_committed() -> None:
    """Where one shard is down all updates of the others have results, whatever their order."""
    down = {update.contest_id for update in batch()[: CONTESTS_AT_ONCE + 1]}
    committer = PartlyDown(list(down))

    outcomes = await Batches(cast("Committer", committer), down.__contains__).apply(batch())

    failed = [isinstance(outcome, StoreUnavailable) for outcome in outcomes]
    assert failed == [update.contest_id in down for update in batch()]
    assert len(down & set(committer.contests)) == CONTESTS_AT_ONCE


async def test_contests_wait_for_no_other_shard() -> None:
    """While one shard hangs all contests of the others are committed."""
    hanging, released = {"c0"}, asyncio.Event()

    class Hanging(PartlyDown):
        async def commit(
            self, contest_id: str, updates: Sequence[ScoreUpdate]
        ) -> list[UpdateResult]:
            if contest_id in hanging:
                await released.wait()
            return await super().commit(contest_id, updates)

    committer = Hanging([])
    applied = asyncio.ensure_future(
        Batches(cast("Committer", committer), hanging.__contains__).apply(batch())
    )
    await eventually(lambda: len(committer.contests) == CONTESTS - 1, "all other contests")
    released.set()
    assert len(await applied) == CONTESTS

"""Writes the sample contests: what they begin with, and then their events at a natural pace."""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

from leaderboard_client import AsyncLeaderboardClient, LeaderboardError, ScoreUpdate
from sample.contests import MOVING, REGATTA, SPRINT, WEEKLY_CUP, SampleContest

_KEPT_SEASONS = 3
_OPENS_IN = timedelta(days=1)


class Writer:
    """Writes the sample contests to a service."""

    def __init__(self, client: AsyncLeaderboardClient, random: Random) -> None:
        self._client = client
        self._random = random

    async def begin(self) -> None:
        """Create all contests: some have seasons that are kept, one is over, one has not begun."""
        for contest in (*MOVING, SPRINT):
            await self._create(contest)
        for season in range(1, _KEPT_SEASONS + 1):
            await self._fill(WEEKLY_CUP, rounds=4)
            await self._client.reset_contest(WEEKLY_CUP.contest_id, season)
        for contest in (*MOVING, SPRINT):
            await self._fill(contest, rounds=3)
        await self._client.update_contest(SPRINT.contest_id, ends_at=datetime.now(UTC))
        await self._create(REGATTA, starts_at=datetime.now(UTC) + _OPENS_IN)

    async def play(self) -> None:
        """Write events of all contests that move, without an end."""
        rates = [contest.per_second for contest in MOVING]
        while True:
            # Gaps as of a Poisson process: events come singly, in bursts, and after a pause.
            await asyncio.sleep(self._random.expovariate(sum(rates)))
            (contest,) = self._random.choices(MOVING, rates)
            await self._write([contest.next(self._random)])

    async def _create(self, contest: SampleContest, starts_at: datetime | None = None) -> None:
        await self._client.create_contest(
            contest.contest_id,
            display_name=contest.display_name,
            rules=contest.rules,
            starts_at=starts_at,
            reset_schedule=contest.schedule,
        )

    async def _fill(self, contest: SampleContest, rounds: int) -> None:
        updates = contest.first(self._random)
        updates += [contest.next(self._random) for _ in range(rounds * len(contest.players))]
        await self._write(updates)

    async def _write(self, updates: list[ScoreUpdate]) -> None:
        for outcome in await self._client.batch_update_scores(updates):
            if isinstance(outcome, LeaderboardError):
                raise outcome

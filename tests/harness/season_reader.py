"""A reader of seasons through the service of one server, within the test's own process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import Any

from harness.node import Node, running_node
from harness.uncounted import board_instruments
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.callbacks import settle
from leaderboard_server.domain.board import (
    Page,
    RankQuery,
    ScoreQuery,
    ScoreRank,
    Standing,
    TopQuery,
    Users,
    UsersQuery,
)
from leaderboard_server.domain.errors import LeaderboardError
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.service.leaderboard import LeaderboardService


class Clock:
    """Monotonic seconds that the test sets."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        """Return them."""
        return self.now_s


class _Call:
    """The only call of a `callbacks.Receiver`."""

    def __init__(self) -> None:
        self.result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def is_open(self, _call: int) -> bool:
        return not self.result.done()

    def receive(self, _call: int, results: Sequence[Any]) -> None:
        (result,) = results
        settle(self.result, result)

    def fail(self, _call: int, error: Exception) -> None:
        settle(self.result, error)


class SeasonReader:
    """
    Reads seasons of a contest.

    Attributes:
        node: The server.
        clock: The time by which kept seasons that it has read grow old.
    """

    def __init__(self, contest_id: str, node: Node, clock: Clock, ranks: Ranks) -> None:
        self.node = node
        self.clock = clock
        self._contest_id = contest_id
        self._service = LeaderboardService(
            node.committer, node.boards, ranks, node.seasons, node.watchers, node.store.shard_of
        )

    async def close(self) -> None:
        """Cancel the reads."""
        await self._service.close()

    async def top(
        self, season: int, start: int = 1, limit: int = 10, after: Position = BEGINNING
    ) -> Page:
        """Return a page."""
        query, call = TopQuery(self._contest_id, start, limit, after, season), _Call()
        if page := self._service.top_now(query):
            return page
        self._service.top(query, call, 0)
        result: Page = await call.result
        return result

    async def rank(
        self, season: int, user_id: str = "ada", around: int = 3, after: Position = BEGINNING
    ) -> Standing:
        """Return the rank of a user."""
        call = _Call()
        self._service.rank(RankQuery(self._contest_id, user_id, 0, around, after, season), call, 0)
        rank = await call.result
        if isinstance(rank, LeaderboardError):
            raise rank
        assert isinstance(rank, Standing)
        return rank

    async def users(
        self,
        season: int,
        user_ids: tuple[str, ...] = ("ada", "bo", "zoe"),
        after: Position = BEGINNING,
    ) -> Users:
        """Return the ranks of several users."""
        return await self._service.users(UsersQuery(self._contest_id, user_ids, after, season))

    async def score(self, season: int, around: int = 3, after: Position = BEGINNING) -> ScoreRank:
        """Return the rank of the score 2."""
        query = ScoreQuery(self._contest_id, 2, around, after, season)
        return await self._service.score_rank(query)

    def reads(self, season: int, after: Position = BEGINNING) -> list[Awaitable[Any]]:
        """Return a read of each kind."""
        return [
            self.top(season, after=after),
            self.rank(season, after=after),
            self.users(season, after=after),
            self.score(season, after=after),
        ]

    async def everything(self, season: int) -> list[Any]:
        """Return the results of all of them."""
        return list(await asyncio.gather(*self.reads(season)))


@contextlib.asynccontextmanager
async def reading(url: str, contest_id: str) -> AsyncIterator[SeasonReader]:
    """Run a server on a store until the block ends, and read through it."""
    clock = Clock()
    async with running_node(url, clock=clock) as node:
        ranks = Ranks(node.store, board_instruments())
        reader = SeasonReader(contest_id, node, clock, ranks)
        yield reader
        await reader.close()
        await ranks.close()

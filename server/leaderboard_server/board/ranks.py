"""Reads the ranks of users from the store, in batches per contest."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from leaderboard_server.board.call_batcher import CallBatcher, Decode
from leaderboard_server.domain.board import Standing
from leaderboard_server.domain.errors import PositionUnreachable, UserNotFound
from leaderboard_server.domain.position import Position
from leaderboard_server.storage.store import Rank, RankQuestion, Store

Result = TypeVar("Result")

MAX_ROWS = 1_000
"""The most rows that one call reads: about 3 ms of the store."""


class Ranks:
    """Reads ranks. Lives as long as the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batcher = CallBatcher(self._call, max_size=MAX_ROWS)

    def rank(
        self,
        contest_id: str,
        user_id: str,
        neighbors: int,
        min_position: Position,
        map_result: Callable[[Standing], Result],
    ) -> asyncio.Future[Result]:
        """Read the rank of a user with up to `neighbors` (0 to 100) users on each side.

        Returns:
            The standing, mapped by `map_result`.

        Raises:
            UserNotFound: The user has no score in the contest.

            PositionUnreachable: `min_position` is not in the store's history.

            StoreUnavailable: The store is away.
        """
        request = RankQuestion(user_id, neighbors)

        def check(ranks: Sequence[Rank]) -> Result:
            return map_result(_standing(contest_id, user_id, min_position, ranks))

        return self._batcher.submit(contest_id, (request,), 2 * neighbors + 1, check)

    async def rank_alone(
        self,
        contest_id: str,
        user_id: str,
        neighbors: int,
        min_position: Position,
        map_result: Callable[[Standing], Result],
    ) -> Result:
        """Read the rank as `rank` does, in a call of its own that no batch waits for."""
        decode = await self._call(contest_id, [RankQuestion(user_id, neighbors)])
        return map_result(_standing(contest_id, user_id, min_position, decode()))

    async def close(self) -> None:
        """Wait until every request has its result."""
        await self._batcher.close()

    async def _call(self, contest_id: str, requests: list[RankQuestion]) -> Decode[Rank]:
        return await self._store.ranks(contest_id, requests)


def _standing(
    contest_id: str, user_id: str, min_position: Position, ranks: Sequence[Rank]
) -> Standing:
    ((position, standing),) = ranks
    if not position.reaches(min_position):
        raise PositionUnreachable(contest_id, min_position, position)
    if not standing:
        raise UserNotFound(contest_id, user_id)
    return standing

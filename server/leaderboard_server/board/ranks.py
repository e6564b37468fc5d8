"""Reads the ranks of users from the store, in batches per contest."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TypeAlias

from leaderboard_server.board.call_batcher import CallBatcher, Decode
from leaderboard_server.callbacks import Done, Receiver, settle
from leaderboard_server.domain.board import RankQuery, Standing
from leaderboard_server.domain.errors import LeaderboardError, PositionUnreachable, UserNotFound
from leaderboard_server.storage.store import RankReply, Store

MAX_ROWS = 1_000
"""The most rows that one call reads: about 3 ms of the store."""

Rank: TypeAlias = Standing | LeaderboardError
"""The standing of a user. Or `UserNotFound`, without a score in the contest; or
`PositionUnreachable`, when the requested position is not in the store's history."""


class Ranks:
    """Reads ranks. Lives as long as the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._batcher = CallBatcher(self._start, max_size=MAX_ROWS)

    def add(self, query: RankQuery, receiver: Receiver[Rank], call: int) -> None:
        """Read a rank, and pass it or a `StoreUnavailable` on to a receiver."""
        self._batcher.add(query.contest_id, (query,), query.rows, receiver, call)

    async def rank_alone(self, query: RankQuery) -> Rank:
        """Read a rank in a call of its own that no batch waits for.

        Raises:
            StoreUnavailable: The store is away.
        """
        reply: asyncio.Future[Decode[Rank]] = asyncio.get_running_loop().create_future()
        self._start(query.contest_id, [query], partial(settle, reply))
        (rank,) = (await reply)()
        return rank

    async def close(self) -> None:
        """Wait until every request has its result."""
        await self._batcher.close()

    def _start(self, contest_id: str, queries: list[RankQuery], done: Done[Decode[Rank]]) -> None:
        def on_reply(reply: RankReply | Exception) -> None:
            done(reply if isinstance(reply, Exception) else lambda: _checked(queries, reply))

        self._store.start_ranks(contest_id, queries, on_reply)


def _checked(queries: Sequence[RankQuery], reply: RankReply) -> list[Rank]:
    """Decode a reply, and check the position and the user of each query."""
    ranks: list[Rank] = []
    for query, (position, standing) in zip(queries, reply.ranks(), strict=True):
        if not position.reaches(query.min_position):
            ranks.append(PositionUnreachable(query.contest_id, query.min_position, position))
        else:
            ranks.append(standing or UserNotFound(query.contest_id, query.user_id))
    return ranks

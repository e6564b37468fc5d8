"""Reads the ranks of users and of scores from the store, in batches per contest."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeAlias

from leaderboard_server.board.call_batcher import CallBatcher, Decode, MakeBatcher
from leaderboard_server.board.instruments import BoardInstruments
from leaderboard_server.callbacks import Done, Receiver, settle
from leaderboard_server.domain.board import (
    RankedUser,
    RankQuery,
    ScoreQuery,
    ScoreRank,
    Standing,
    Users,
    UsersQuery,
)
from leaderboard_server.domain.errors import LeaderboardError, PositionUnreachable, UserNotFound
from leaderboard_server.storage.rank_replies import RankReply, ScoreRankReply, UsersReply
from leaderboard_server.storage.store import Store

MAX_ROWS = 1_000
"""The most rows that one call reads: about 3 ms of the store."""

Rank: TypeAlias = Standing | LeaderboardError
"""The standing of a user. Or `UserNotFound`, without a score in the contest; or
`PositionUnreachable`, when the requested position is not in the store's history."""


class Ranks:
    """Reads ranks. Lives as long as the store."""

    def __init__(
        self,
        store: Store,
        instruments: BoardInstruments,
        make_batcher: MakeBatcher = CallBatcher,
    ) -> None:
        """Read from `store`, and count by `instruments`."""
        self._store = store
        self._sizes = instruments.rank_sizes
        self._ranks = make_batcher(self._start_ranks, max_size=MAX_ROWS)
        self._users = make_batcher(self._start_users, max_size=MAX_ROWS)
        self._scores = make_batcher(self._start_scores, max_size=MAX_ROWS)

    def add(self, query: RankQuery, receiver: Receiver[Rank], call: int) -> None:
        """Read a rank, and pass it or a `StoreUnavailable` on to a receiver."""
        self._ranks.add(query.contest_id, (query,), query.rows, receiver, call)

    async def rank(self, query: RankQuery) -> Rank:
        """Read a rank.

        Raises:
            StoreUnavailable: The store is away.
        """
        (rank,) = await self._ranks.submit(query.contest_id, (query,), query.rows)
        return rank

    async def rank_alone(self, query: RankQuery) -> Rank:
        """Read a rank in a call of its own that no batch waits for.

        Raises:
            StoreUnavailable: The store is away.
        """
        reply: asyncio.Future[Decode[Rank]] = asyncio.get_running_loop().create_future()
        self._start_ranks(query.contest_id, [query], partial(settle, reply))
        (rank,) = (await reply)()
        return rank

    async def users(self, query: UsersQuery) -> Users:
        """Read the ranks of several users of one state.

        Raises:
            PositionUnreachable: `min_position` is not in the store's history.

            StoreUnavailable: The store is away.
        """
        (users,) = await self._users.submit(query.contest_id, (query,), len(query.user_ids))
        _check_position(query, users)
        return users

    async def score(self, query: ScoreQuery) -> ScoreRank:
        """Read the rank that a user who reached a score now would have; raises as `users`."""
        (rank,) = await self._scores.submit(query.contest_id, (query,), query.around + 1)
        _check_position(query, rank)
        return rank

    async def close(self) -> None:
        """Wait until every request has its result."""
        for batcher in (self._ranks, self._users, self._scores):
            await batcher.close()

    def _start_ranks(
        self, contest_id: str, queries: list[RankQuery], done: Done[Decode[Rank]]
    ) -> None:
        def on_reply(reply: RankReply | Exception) -> None:
            done(reply if isinstance(reply, Exception) else lambda: _checked(queries, reply))

        self._sizes.observe(len(queries))
        self._store.start_ranks(contest_id, queries, on_reply)

    def _start_users(
        self, contest_id: str, queries: list[UsersQuery], done: Done[Decode[Users]]
    ) -> None:
        def on_reply(reply: UsersReply | Exception) -> None:
            done(reply if isinstance(reply, Exception) else lambda: list(split(queries, reply)))

        user_ids = [user_id for query in queries for user_id in query.user_ids]
        self._sizes.observe(len(user_ids))
        self._store.start_users(contest_id, user_ids, on_reply)

    def _start_scores(
        self, contest_id: str, queries: list[ScoreQuery], done: Done[Decode[ScoreRank]]
    ) -> None:
        def on_reply(reply: ScoreRankReply | Exception) -> None:
            done(reply if isinstance(reply, Exception) else reply.ranks)

        self._sizes.observe(len(queries))
        self._store.start_score_ranks(contest_id, queries, on_reply)


def _checked(queries: Sequence[RankQuery], reply: RankReply) -> list[Rank]:
    """Decode a reply, and check the position and the user of each query."""
    ranks: list[Rank] = []
    for query, (position, standing) in zip(queries, reply.ranks(), strict=True):
        if not position.reaches(query.min_position):
            ranks.append(PositionUnreachable(query.contest_id, query.min_position, position))
        else:
            ranks.append(standing or UserNotFound(query.contest_id, query.user_id, position))
    return ranks


def split(queries: Sequence[UsersQuery], reply: UsersReply) -> Iterator[Users]:
    """Decode a reply, and yield the users of each query."""
    found = iter(reply.users())
    for query in queries:
        users: list[RankedUser] = []
        missing: list[str] = []
        for user_id in query.user_ids:
            if user := next(found):
                users.append(user)
            else:
                missing.append(user_id)
        users.sort(key=lambda user: user.place)
        yield Users(tuple(users), tuple(missing), reply.total_users, reply.position)


def _check_position(query: UsersQuery | ScoreQuery, result: Users | ScoreRank) -> None:
    if not result.position.reaches(query.min_position):
        raise PositionUnreachable(query.contest_id, query.min_position, result.position)

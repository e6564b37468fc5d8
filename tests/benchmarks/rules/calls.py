"""The measured calls of the store, each compared with the plain boards."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from benchmarks.rules.boards import RulesBoard
from benchmarks.rules.plain import Move, PlainBoard
from benchmarks.store import RunningStore
from leaderboard_server.callbacks import settle
from leaderboard_server.domain.board import Page, RankQuery, ScoreQuery
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.storage.rank_replies import RankReply, ScoreRankReply, UsersReply
from leaderboard_server.storage.store import Store

AROUND = 11
_TOP = 10
_BATCH = 1_000
_IN_FLIGHT = 50
"""Calls that are sent at once, so that the store doesn't sleep between them."""


class WrongResult(Exception):
    """A result of the store differs from that of the plain board."""


class Callers:
    """Makes calls of a `Store`, and measures the time that the store itself takes for them."""

    def __init__(self, running: RunningStore, store: Store) -> None:
        self._running = running
        self._store = store

    async def update(self, board: RulesBoard, plain: PlainBoard, moves: Sequence[Move]) -> float:
        """Apply moves, each in a commit of its own; return the microseconds for one.

        Args:
            board: The board.

            plain: The rows after the moves.

            moves: At least one.
        """

        async def commit(move: Move) -> None:
            update = ScoreUpdate(board.contest_id, f"u{move.user}", move.points)
            reply = await self._store.commit(board.contest_id, [update])
            (result,) = reply.outcomes()
            assert isinstance(result, UpdateResult)
            got = (result.previous_score, result.user.score, result.position.revision)
            _compare(board, got, (move.before, move.after, move.revision))
            if move is moves[-1]:
                _compare(board, result.user, plain.user(board.rules.rank_style, move.user))

        return await self._timed([partial(commit, move) for move in moves])

    async def read(
        self, name: str, board: RulesBoard, plain: PlainBoard, count: int, choice: random.Random
    ) -> float:
        """Make `count` reads of one kind; return the microseconds for one."""
        read = _READS[name]
        return await self._timed(
            [partial(read, self._store, board, plain, choice) for _ in range(count)]
        )

    async def _timed(self, calls: Sequence[Callable[[], Awaitable[None]]]) -> float:
        client = self._running.client
        client.config_resetstat()
        for first in range(0, len(calls), _IN_FLIGHT):
            await asyncio.gather(*(call() for call in calls[first : first + _IN_FLIGHT]))
        info: Any = client.info("commandstats")
        took = info["cmdstat_evalsha"]
        if took["calls"] != len(calls):
            raise WrongResult(f"{took['calls']} script calls for {len(calls)}")
        return float(took["usec"]) / len(calls)


_Read: TypeAlias = Callable[[Store, RulesBoard, PlainBoard, random.Random], Awaitable[None]]


async def _rank(store: Store, board: RulesBoard, plain: PlainBoard, choice: random.Random) -> None:
    user = choice.randrange(board.users)
    result: asyncio.Future[RankReply] = asyncio.get_running_loop().create_future()
    query = RankQuery(board.contest_id, f"u{user}")
    store.start_ranks(board.contest_id, [query], partial(settle, result))
    ((_, standing),) = (await result).ranks()
    got = standing.user if standing else None
    _compare(board, got, plain.user(board.rules.rank_style, user))


async def _top(store: Store, board: RulesBoard, plain: PlainBoard, _: random.Random) -> None:
    await _page_at(store, board, plain, 1)


async def _page(store: Store, board: RulesBoard, plain: PlainBoard, _: random.Random) -> None:
    await _page_at(store, board, plain, board.users // 2)


async def _page_at(store: Store, board: RulesBoard, plain: PlainBoard, place: int) -> None:
    page: Page = await store.top(board.contest_id, place, _TOP)
    _compare(board, list(page.users), plain.rows(board.rules.rank_style, place, _TOP))


async def _score_rank(
    store: Store, board: RulesBoard, plain: PlainBoard, choice: random.Random
) -> None:
    score = choice.randrange(board.distinct)
    result: asyncio.Future[ScoreRankReply] = asyncio.get_running_loop().create_future()
    query = ScoreQuery(board.contest_id, score, AROUND)
    store.start_score_ranks(board.contest_id, [query], partial(settle, result))
    (got,) = (await result).ranks()
    expected = plain.score_rank(board.rules.rank_style, score, AROUND)
    _compare(board, (got.rank, got.place, list(got.around)), expected)


async def _batch(store: Store, board: RulesBoard, plain: PlainBoard, choice: random.Random) -> None:
    users = choice.sample(range(board.users), _BATCH)
    result: asyncio.Future[UsersReply] = asyncio.get_running_loop().create_future()
    ids = [f"u{user}" for user in users]
    store.start_users(board.contest_id, ids, partial(settle, result))
    expected = [plain.user(board.rules.rank_style, user) for user in users]
    _compare(board, (await result).users(), expected)


_READS: dict[str, _Read] = {
    "rank": _rank,
    "top": _top,
    "page": _page,
    "score_rank": _score_rank,
    "batch": _batch,
}


def _compare(board: RulesBoard, got: object, expected: object) -> None:
    if got != expected:
        raise WrongResult(f"{board.title}: the store has {got}, and not {expected}")


@dataclass(frozen=True)
class Call:
    """A kind of call that is measured."""

    name: str
    title: str
    count: int
    """How many of them in each round, on each board."""
    most_times: float | None = None
    """The bound of its ratio to the board with the default rules."""
    most_times_dense: float | None = None
    """The same for a dense board."""
    most_us: float | None = None
    """The bound of its duration."""


UPDATE = Call("update", "UpdateScore of a known user", 2_000, 1.5, 2.0)
READS = (
    Call("rank", "GetUserRank", 4_000, 1.5, 1.5),
    Call("top", "GetTopUsers(10), read from the store", 2_000, 1.5, 1.5),
    Call("page", "GetTopUsers(10) in the middle of the board", 2_000, 1.5, 1.5),
    Call("score_rank", f"GetScoreRank with {AROUND} rows around", 1_000, 1.5, 1.5),
    Call("batch", "BatchGetUserRanks of 1,000 users", 20, most_us=15_000),
)
CALLS = (UPDATE, *READS)

"""Reads the season that a query names: the current one live, kept ones through a cache."""

import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeAlias, TypeVar

from leaderboard_server.board.kept_cache import KeptCache, KeptRead
from leaderboard_server.board.ranks import Rank, split
from leaderboard_server.board.row_queue import RowQueue
from leaderboard_server.domain.board import (
    Page,
    RankQuery,
    ScoreQuery,
    ScoreRank,
    TopQuery,
    Users,
    UsersQuery,
)
from leaderboard_server.domain.errors import (
    LeaderboardError,
    PositionUnreachable,
    SeasonNotFound,
    UserNotFound,
)
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.storage.store import Store
from leaderboard_server.tasks import SharedCalls

Query: TypeAlias = TopQuery | RankQuery | UsersQuery | ScoreQuery
Result = TypeVar("Result", Page, Rank, Users, ScoreRank)

Live: TypeAlias = Callable[[], Coroutine[Any, Any, Result]]
"""Reads the current season, whichever that is."""
ReadKept: TypeAlias = Callable[[int], Coroutine[Any, Any, KeptRead[Result] | None]]
"""Reads a kept season from the store; None if it is not kept."""


class KeptSeasons:
    """Reads seasons by their number, or by -1 the one before the current one.

    Lives as long as the store. Each method takes a query, how the current season is read, and where
    a kept one is read in turn, None for at once.

    Raises:
        SeasonNotFound: From every method: the contest has no such season, or does not keep it.

        PositionUnreachable: `min_position` is not in the history of the season.

        StoreFailure: The store is away.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        """Read from `store`; keep what was read for a time by `clock`, in monotonic seconds."""
        self._store = store
        self._cache = KeptCache(clock)
        self._positions = SharedCalls(name="read-position")
        store.seasons.observers.append(self._cache.forget)
        store.add_epoch_observer(self._cache.forget)

    async def top(self, query: TopQuery, live: Live[Page], queue: RowQueue | None) -> Page:
        """Return rows of a season."""
        contest_id, start_place, limit, *_ = query

        async def read_kept(season: int) -> KeptRead[Page] | None:
            page = await self._store.seasons.top(contest_id, season, start_place, limit)
            return KeptRead(page, page.position, len(page.users)) if page else None

        return await self._read(query, live, _in_turn(queue, limit, read_kept))

    async def rank(self, query: RankQuery, live: Live[Rank], queue: RowQueue | None) -> Rank:
        """Return the rank of a user in a season; see `board.ranks.Rank`."""

        async def read_kept(season: int) -> KeptRead[Rank] | None:
            read = await self._store.seasons.rank(season, query)
            if not read:
                return None
            position, standing = read
            rank: Rank = standing or UserNotFound(query.contest_id, query.user_id, position)
            return KeptRead(rank, position, query.rows)

        return await self._read(query, live, _in_turn(queue, query.rows, read_kept))

    async def users(self, query: UsersQuery, live: Live[Users], queue: RowQueue | None) -> Users:
        """Return the ranks of several users in a season."""
        contest_id, user_ids, *_ = query

        async def read_kept(season: int) -> KeptRead[Users] | None:
            reply = await self._store.seasons.users(contest_id, season, user_ids)
            if not reply:
                return None
            (users,) = split((query,), reply)
            return KeptRead(users, reply.position, len(user_ids))

        return await self._read(query, live, _in_turn(queue, len(user_ids), read_kept))

    async def score_rank(
        self, query: ScoreQuery, live: Live[ScoreRank], queue: RowQueue | None
    ) -> ScoreRank:
        """Return the rank that a score would have had at the end of a season."""

        async def read_kept(season: int) -> KeptRead[ScoreRank] | None:
            rank = await self._store.seasons.score_rank(season, query)
            return KeptRead(rank, rank.position, len(rank.around)) if rank else None

        return await self._read(query, live, _in_turn(queue, query.around, read_kept))

    async def _read(self, query: Query, live: Live[Result], read_kept: ReadKept[Result]) -> Result:
        contest_id, season = query.contest_id, query.season
        current = self._store.latest(contest_id).season
        if season != current and not self._cache.get(contest_id, _key(query, season)):
            current = await self._current(contest_id)
            season = season if season > 0 else current - 1
            if not 0 < season <= current:
                raise SeasonNotFound(contest_id, query.season)
        if season == current:
            result = await _read_live(season, live)
            if result is not None:
                return result
        return await self._read_kept(query, season, read_kept)

    async def _current(self, contest_id: str) -> int:
        """Return the current season, 0 if there is no contest. A season that is due ends before."""
        position: Position = await self._positions.run(
            contest_id, partial(self._store.position, contest_id)
        )
        # A commit may have shown a later one while the call was in flight.
        latest = self._store.latest(contest_id)
        return (latest if latest != BEGINNING else position).season

    async def _read_kept(self, query: Query, season: int, read_kept: ReadKept[Result]) -> Result:
        contest_id, key = query.contest_id, _key(query, season)

        async def read() -> KeptRead[Result]:
            if kept := await read_kept(season):
                return kept
            raise SeasonNotFound(contest_id, query.season)

        kept: KeptRead[Result] | None = self._cache.get(contest_id, key)
        if not kept or not kept.position.reaches(query.min_position):
            kept = await self._cache.read(contest_id, key, read, again=kept is not None)
        if not kept.position.reaches(query.min_position):
            raise PositionUnreachable(contest_id, query.min_position, kept.position)
        return kept.result


def _key(query: Query, season: int) -> object:
    """Return what queries with the same result have in common."""
    return type(query), query._replace(min_position=BEGINNING, season=season)


def _in_turn(queue: RowQueue | None, rows: int, read_kept: ReadKept[Result]) -> ReadKept[Result]:
    if not queue:
        return read_kept

    async def read_in_turn(season: int) -> KeptRead[Result] | None:
        return await queue.run(rows, partial(read_kept, season))

    return read_in_turn


async def _read_live(season: int, live: Live[Result]) -> Result | None:
    """Read the current season; None if it is another one by now."""
    try:
        result = await live()
    except PositionUnreachable as error:
        if error.current.season == season:
            raise
        return None
    return result if _season_of(result) == season else None


def _season_of(result: Page | Rank | Users | ScoreRank) -> int:
    if isinstance(result, PositionUnreachable):
        return result.current.season
    if isinstance(result, LeaderboardError) and not isinstance(result, UserNotFound):
        raise result
    return result.position.season

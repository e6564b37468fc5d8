"""The use cases of the service: each applies the rules that need values alone, and delegates."""

import asyncio
import itertools
from collections.abc import Sequence
from functools import partial

from leaderboard_server.board.boards import DEPTH, Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.board.kept_seasons import KeptSeasons
from leaderboard_server.board.ranks import Rank, Ranks
from leaderboard_server.board.row_queue import RowQueue
from leaderboard_server.callbacks import Receiver
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
    Outcome,
    ScoreOutOfRange,
    StoreFailure,
    StoreUnavailable,
)
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.domain.watch import WatchRequest
from leaderboard_server.service.pending_reads import PendingReads
from leaderboard_server.watch.sink import WatchSink
from leaderboard_server.watch.watchers import Watchers

CONTESTS_AT_ONCE = 32
"""Contests of one batch that are committed concurrently; other callers get a turn in between."""
ROWS_IN_FLIGHT = 2_000
"""Rows of queued reads that the store is asked for at a time: it needs about 5 ms for them."""
MAX_ROWS_QUEUED = 40_000
"""Rows of pages that are in flight or wait: about 0.1 s of the store's time."""
FEW_ROWS = 21
"""Rows up to which ranks, and the rows around them, are read without the queue."""


class LeaderboardService:
    """Serves the calls of every listener. Lives as long as its parts."""

    def __init__(
        self,
        committer: Committer,
        boards: Boards,
        ranks: Ranks,
        seasons: KeptSeasons,
        watchers: Watchers,
    ) -> None:
        self._committer = committer
        self._boards = boards
        self._ranks = ranks
        self._seasons = seasons
        self._watchers = watchers
        self._pages = RowQueue(ROWS_IN_FLIGHT, MAX_ROWS_QUEUED)
        # Bounded by the number of calls: each has 1,000 rows at most.
        self._ranked_rows = RowQueue(ROWS_IN_FLIGHT // 2)
        self._reads = PendingReads()

    async def close(self) -> None:
        """Cancel the reads that nobody waits for any more, once the listener has stopped."""
        await self._reads.close()

    def update(self, update: ScoreUpdate, receiver: Receiver[Outcome], call: int) -> None:
        """Apply one update.

        The receiver gets its result, or one of these errors:

        - `ScoreOutOfRange`, `PointsOutOfRange`: The points or the score would be out of bounds.
        - `AttributesTooLarge`: The user would have too many attributes, or too long ones.
        - `ContestNotFound`: There is no such contest, and updates may not begin one.
        - `RequestIdReused`: The request id was already used with another payload.
        - `StoreUnavailable`: The store is down; the update may have been applied.
        - `StoreFull`: The store is full; nothing was written.
        """
        if abs(update.points) > MAX_SCORE:
            receiver.fail(call, ScoreOutOfRange(update.contest_id, update.user_id))
        else:
            self._committer.add(update, receiver, call)

    @property
    def updates_in_progress(self) -> int:
        """Updates that wait for the store or are being applied."""
        return self._committer.size

    async def update_batch(
        self, updates: Sequence[ScoreUpdate | LeaderboardError]
    ) -> list[Outcome]:
        """Apply updates, those of one contest in order in one atomic step.

        Args:
            updates: 1 to 1,000 updates; an invalid update is replaced by its error.

        Returns:
            One outcome for each update, in order.

        Raises:
            StoreFailure: The store served none of them.
        """
        contests: dict[str, list[ScoreUpdate]] = {}
        checked = [_check_points(update) for update in updates]
        for update in checked:
            if isinstance(update, ScoreUpdate):
                contests.setdefault(update.contest_id, []).append(update)
        groups = await self._commit_all(list(contests.items()))
        if failure := _common_failure(groups):
            raise failure
        outcomes = {
            contest_id: itertools.repeat(group) if isinstance(group, StoreFailure) else iter(group)
            for contest_id, group in zip(contests, groups, strict=True)
        }
        return [
            next(outcomes[update.contest_id]) if isinstance(update, ScoreUpdate) else update
            for update in checked
        ]

    async def _commit_all(
        self, contests: Sequence[tuple[str, list[ScoreUpdate]]]
    ) -> list[Sequence[Outcome] | StoreFailure]:
        groups: list[Sequence[Outcome] | StoreFailure] = []
        for first in range(0, len(contests), CONTESTS_AT_ONCE):
            some = contests[first : first + CONTESTS_AT_ONCE]
            done = await asyncio.gather(*(self._commit(*contest) for contest in some))
            groups += done
            if failure := _common_failure(done):
                # The others would fail too, each round of them after the store's timeout.
                groups += [failure] * (len(contests) - len(groups))
                break
        return groups

    async def _commit(
        self, contest_id: str, updates: list[ScoreUpdate]
    ) -> Sequence[Outcome] | StoreFailure:
        try:
            return await self._committer.commit(contest_id, updates)
        except StoreFailure as error:
            return error

    def top_now(self, query: TopQuery) -> Page | None:
        """Return the result of `top` if it needs no waiting, else None."""
        contest_id, start_place, limit, min_position, season = query
        if season:
            return None
        return self._boards.top_now(contest_id, start_place, limit, min_position)

    def top(self, query: TopQuery, receiver: Receiver[Page], call: int) -> None:
        """Read rows of a contest.

        The receiver gets a page, or one of these errors:

        - `PositionUnreachable`: `min_position` is not in the store's history.
        - `SeasonNotFound`: The contest has no such season, or does not keep it.
        - `ReadQueueFull`: The rows are below the top window or of a kept season, and too many
          others wait for such.
        - `StoreUnavailable`: The store is needed and down.
        """
        contest_id, start_place, limit, min_position, season = query
        read_page = partial(self._boards.top, contest_id, start_place, limit, min_position)
        in_window = start_place + limit - 1 <= DEPTH

        async def read() -> Sequence[Page]:
            return (await read_page(),) if receiver.is_open(call) else ()

        async def read_in_turn() -> Sequence[Page]:
            await self._free_pages()
            return await self._pages.run(limit, read)

        async def read_season() -> Sequence[Page]:
            await self._free_pages()
            live = read_page if in_window else partial(self._pages.run, limit, read_page)
            return (await self._seasons.top(query, live, _queue_for(limit, self._pages)),)

        if season:
            self._reads.start(read_season, receiver, call)
        else:
            self._reads.start(read if in_window else read_in_turn, receiver, call)

    async def _free_pages(self) -> None:
        """Have the pages of calls that are over leave their queue, if it is full."""
        if self._pages.full:
            self._reads.cancel_closed()
            await asyncio.sleep(0)

    def rank(self, query: RankQuery, receiver: Receiver[Rank], call: int) -> None:
        """Read the rank of a user; the receiver gets it or an error, see `board.ranks.Rank`.

        Or `StoreUnavailable`.
        """
        if query.season:
            self._rank_in_season(query, receiver, call)
        elif query.rows <= FEW_ROWS:
            self._ranks.add(query, receiver, call)
        else:
            self._rank_in_turn(query, receiver, call)

    def _rank_in_turn(self, query: RankQuery, receiver: Receiver[Rank], call: int) -> None:
        async def read() -> Sequence[Rank]:
            return (await self._ranks.rank_alone(query),) if receiver.is_open(call) else ()

        self._reads.start(partial(self._ranked_rows.run, query.rows, read), receiver, call)

    def _rank_in_season(self, query: RankQuery, receiver: Receiver[Rank], call: int) -> None:
        queue = _queue_for(query.rows, self._ranked_rows)
        alone = partial(self._ranks.rank_alone, query)
        live = partial(queue.run, query.rows, alone) if queue else partial(self._ranks.rank, query)

        async def read() -> Sequence[Rank]:
            return (await self._seasons.rank(query, live, queue),)

        self._reads.start(read, receiver, call)

    async def users(self, query: UsersQuery) -> Users:
        """Read the ranks of several users; see `board.ranks.Ranks.users`.

        Those of a season: see `board.kept_seasons.KeptSeasons`.
        """
        rows = len(query.user_ids)
        queue, read = _queue_for(rows, self._ranked_rows), partial(self._ranks.users, query)
        if queue:
            read = partial(queue.run, rows, read)
        return await (self._seasons.users(query, read, queue) if query.season else read())

    async def score_rank(self, query: ScoreQuery) -> ScoreRank:
        """Read the rank of a score; see `board.ranks.Ranks.score`.

        That in a season: see `board.kept_seasons.KeptSeasons`.
        """
        rows = query.around
        queue, read = _queue_for(rows, self._ranked_rows), partial(self._ranks.score, query)
        if queue:
            read = partial(queue.run, rows, read)
        return await (self._seasons.score_rank(query, read, queue) if query.season else read())

    async def watch(self, request: WatchRequest, sink: WatchSink) -> None:
        """Send a watcher its messages; see `watch.watchers.Watchers.watch`."""
        await self._watchers.watch(request, sink)


def _queue_for(rows: int, queue: RowQueue) -> RowQueue | None:
    """Return the queue in which so many rows are read in turn, None for few."""
    return queue if rows > FEW_ROWS else None


def _common_failure(groups: Sequence[Sequence[Outcome] | StoreFailure]) -> StoreFailure | None:
    """Return the error of all groups if each has failed; what may have been applied says so."""
    failures = [group for group in groups if isinstance(group, StoreFailure)]
    if not failures or len(failures) < len(groups):
        return None
    return next((one for one in failures if isinstance(one, StoreUnavailable)), failures[0])


def _check_points(update: ScoreUpdate | LeaderboardError) -> ScoreUpdate | LeaderboardError:
    if isinstance(update, ScoreUpdate) and abs(update.points) > MAX_SCORE:
        return ScoreOutOfRange(update.contest_id, update.user_id)
    return update

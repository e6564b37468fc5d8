"""The use cases of the service: each applies the rules that need values alone, and delegates."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from leaderboard_server.board.boards import DEPTH, Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.board.kept_seasons import KeptSeasons
from leaderboard_server.board.ranks import Rank, Ranks
from leaderboard_server.board.row_queue import RowQueue, RowQueues
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
)
from leaderboard_server.domain.rules import MAX_SCORE
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.domain.watch import WatchRequest
from leaderboard_server.service.batches import Batches
from leaderboard_server.service.pending_reads import PendingReads
from leaderboard_server.watch.sink import WatchSink
from leaderboard_server.watch.watchers import Watchers

ROWS_IN_FLIGHT = 2_000
"""Rows of queued reads that a shard is asked for at a time: it needs about 5 ms for them."""
MAX_ROWS_QUEUED = 40_000
"""Rows of pages of a shard that are in flight or wait: about 0.1 s of its time."""
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
        shard_of: Callable[[str], Hashable],
    ) -> None:
        """Serve with these parts; `shard_of` returns what stands for the shard of a contest."""
        self._committer = committer
        self._boards = boards
        self._ranks = ranks
        self._seasons = seasons
        self._watchers = watchers
        self._batches = Batches(committer, shard_of)
        self._pages = RowQueues(shard_of, ROWS_IN_FLIGHT, MAX_ROWS_QUEUED)
        # Bounded by the number of calls: each has 1,000 rows at most.
        self._ranked_rows = RowQueues(shard_of, ROWS_IN_FLIGHT // 2)
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
        return await self._batches.apply(updates)

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
            return await (await self._queue_of_pages(contest_id)).run(limit, read)

        async def read_season() -> Sequence[Page]:
            queue = await self._queue_of_pages(contest_id)
            live = read_page if in_window else partial(queue.run, limit, read_page)
            return (await self._seasons.top(query, live, queue if limit > FEW_ROWS else None),)

        if season:
            self._reads.start(read_season, receiver, call)
        else:
            self._reads.start(read if in_window else read_in_turn, receiver, call)

    async def _queue_of_pages(self, contest_id: str) -> RowQueue:
        """Return the queue for pages of a contest. A full one is left by calls that are over."""
        queue = self._pages.of(contest_id)
        if queue.full:
            self._reads.cancel_closed()
            await asyncio.sleep(0)
        return queue

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

        queue = self._ranked_rows.of(query.contest_id)
        self._reads.start(partial(queue.run, query.rows, read), receiver, call)

    def _rank_in_season(self, query: RankQuery, receiver: Receiver[Rank], call: int) -> None:
        queue = self._queue_for(query, query.rows)
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
        queue, read = self._queue_for(query, rows), partial(self._ranks.users, query)
        if queue:
            read = partial(queue.run, rows, read)
        return await (self._seasons.users(query, read, queue) if query.season else read())

    async def score_rank(self, query: ScoreQuery) -> ScoreRank:
        """Read the rank of a score; see `board.ranks.Ranks.score`.

        That in a season: see `board.kept_seasons.KeptSeasons`.
        """
        rows = query.around
        queue, read = self._queue_for(query, rows), partial(self._ranks.score, query)
        if queue:
            read = partial(queue.run, rows, read)
        return await (self._seasons.score_rank(query, read, queue) if query.season else read())

    async def watch(self, request: WatchRequest, sink: WatchSink) -> None:
        """Send a watcher its messages; see `watch.watchers.Watchers.watch`."""
        await self._watchers.watch(request, sink)

    def _queue_for(self, query: RankQuery | UsersQuery | ScoreQuery, rows: int) -> RowQueue | None:
        """Return the queue in which so many ranked rows are read in turn, None for few."""
        return self._ranked_rows.of(query.contest_id) if rows > FEW_ROWS else None

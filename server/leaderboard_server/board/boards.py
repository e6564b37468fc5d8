"""Reads boards: from a top window if a current one is in memory, from the store otherwise."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from cachetools import TTLCache

from leaderboard_server.board.instruments import BoardInstruments
from leaderboard_server.board.live_board import LiveBoard
from leaderboard_server.board.row_queue import RowQueues
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.errors import PositionUnreachable, StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.replication.contest_reader import ContestReader
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.store import Store
from leaderboard_server.tasks import BackgroundTask

DEPTH = 1_000
"""Ranks that a window holds: as many as one call may request from rank 1 on."""
MAX_BOARDS = 1_024
"""Windows that a server keeps; the least recently used one is evicted. A full one takes about
0.5 MB."""
IDLE_S = 60.0
"""Time without a reader after which a window is evicted."""
SWEEP_S = 5.0
"""Interval at which idle windows are evicted."""
FILLED_ROWS = 4_400
"""Rows of windows that are read from a shard at a time, so that other reads wait for few fills: 4
of the largest."""


class _LiveBoards(TTLCache[str, LiveBoard]):
    """Live boards by contest; evicted ones stay in `evicted` until they are closed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(MAX_BOARDS, IDLE_S, timer=clock)
        self.evicted: list[LiveBoard] = []

    def expire(self, time: float | None = None) -> list[tuple[str, LiveBoard]]:
        """Evict idle boards; the cache does so by itself too, whenever it is written."""
        expired = list(super().expire(time))
        self.evicted += (board for _, board in expired)
        return expired

    def popitem(self) -> tuple[str, LiveBoard]:
        """Evict the least recently used board."""
        contest_id, board = super().popitem()
        self.evicted.append(board)
        return contest_id, board


class Boards:
    """Reads the first ranks of contests. Open from `start` to `close`."""

    def __init__(
        self,
        store: Store,
        followers: LogFollowers,
        instruments: BoardInstruments,
        *,
        invalidate: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read from `store`.

        Args:
            store: The store.

            followers: Deliver the commits that move the windows.

            instruments: Count the reads for callers.

            invalidate: Called with a contest, before any other observer, whenever a page of it
                that `top_now` returned may be stale.

            clock: Monotonic seconds.
        """
        self._store = store
        self._followers = followers
        self._instruments = instruments
        self._invalidate = invalidate
        self._boards = _LiveBoards(clock)
        self._fills = RowQueues(store.shard_of, FILLED_ROWS)
        self._contests = ContestReader(store)
        self._sweeper = BackgroundTask(self._sweep, name="sweep-boards")

    @property
    def size(self) -> int:
        """The number of windows."""
        return len(self._boards)

    def start(self) -> None:
        """Begin to evict idle windows."""
        self._sweeper.start()

    async def close(self) -> None:
        """Close all windows."""
        await self._sweeper.close()
        for board in [*self._boards.values(), *self._boards.evicted]:
            board.close()

    def top_now(
        self, contest_id: str, start_place: int, count: int, min_position: Position = BEGINNING
    ) -> Page | None:
        """Return the result of `top` if it needs no waiting, else None."""
        if start_place + count - 1 > DEPTH:
            return None
        board = self._boards.get(contest_id)
        page = board.read(start_place, count) if board else None
        if not board or not page or not page.position.reaches(min_position):
            return None
        board.recently_used = True
        self._instruments.window_reads.add()
        return page

    async def top(
        self, contest_id: str, start_place: int, count: int, min_position: Position = BEGINNING
    ) -> Page:
        """Return `count` ranks (1 to 1,000) from `start_place` (from 1) on.

        The page is never behind what this server has acknowledged to any caller, nor behind
        `min_position`.

        Raises:
            PositionUnreachable: `min_position` is not in the store's history.

            StoreUnavailable: The store is needed and away.
        """
        board = await self._filled(contest_id) if start_place + count - 1 <= DEPTH else None
        page = board.read(start_place, count) if board else None
        if page and page.position.reaches(min_position):
            self._instruments.window_reads.add()
            return page
        page = await self._store.top(contest_id, start_place, count)
        self._instruments.store_reads.add()
        self._followers.observe_read(contest_id, page.position)
        if not page.position.reaches(min_position):
            raise PositionUnreachable(contest_id, min_position, page.position)
        return page

    def top_as_followed_now(self, contest_id: str, count: int) -> Page | None:
        """Return the result of `top_as_followed` if it needs no waiting, else None."""
        board = self._boards.get(contest_id)
        if not board:
            return None
        board.recently_used = True
        return board.read_as_followed(1, count)

    async def top_as_followed(self, contest_id: str, count: int) -> Page:
        """Return the first `count` ranks (1 to 1,000) as of the followed commits.

        Watchers get these: the page fits the commits that the follower passes on. It may be behind
        what this server has acknowledged while earlier commits of other servers are in flight.

        Raises:
            StoreUnavailable: The store is needed and away.
        """
        board = await self._filled(contest_id)
        return board.read_as_followed(1, count) or await self._store.top(contest_id, 1, count)

    async def _filled(self, contest_id: str) -> LiveBoard:
        board = self._boards.get(contest_id)
        if not board or board.closed:
            board = LiveBoard(
                contest_id,
                DEPTH,
                self._store,
                self._followers,
                self._fills,
                self._contests,
                self._invalidate,
            )
            self._boards[contest_id] = board
        board.recently_used = True
        if board.empty and self._followers.receives(contest_id):
            with contextlib.suppress(StoreUnavailable):
                await board.fill()
        return board

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for contest_id, board in list(self._boards.items()):
                if board.recently_used:
                    board.recently_used = False
                    self._boards[contest_id] = board  # restarts its time to live
            self._boards.expire()
            evicted, self._boards.evicted = self._boards.evicted, []
            for board in evicted:
                board.close()

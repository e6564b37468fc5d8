"""Reading boards: from a live window where there is one to trust, from the store otherwise."""

import asyncio
import contextlib
import time
from collections.abc import Callable

from cachetools import TTLCache

from leaderboard_server.board.live_board import LiveBoard
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.errors import PositionUnreachable, StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.store import Store

DEPTH = 1_000
"""How many ranks a window answers: as many as one call may ask for from rank 1 on."""
WINDOWS = 1_024
"""How many windows a server keeps; the one that was not asked for longest goes first. A full one
takes about 0.5 MB."""
IDLE_S = 60.0
"""After how long without a reader a window goes."""
SWEEP_S = 5.0
"""How often idle windows are looked for."""


class _Windows(TTLCache[str, LiveBoard]):
    """Live boards by contest; those that left the cache wait in `gone` to be closed."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(WINDOWS, IDLE_S, timer=clock)
        self.gone: list[LiveBoard] = []

    def expire(self, time: float | None = None) -> list[tuple[str, LiveBoard]]:
        """Let idle windows go; the cache does so by itself too, whenever it is written."""
        expired = list(super().expire(time))
        self.gone += (board for _, board in expired)
        return expired

    def popitem(self) -> tuple[str, LiveBoard]:
        """Let the window go that was not asked for longest."""
        contest_id, board = super().popitem()
        self.gone.append(board)
        return contest_id, board


class Boards:
    """Reads the first ranks of contests. Open from `start` to `close`."""

    def __init__(
        self,
        store: Store,
        followers: LogFollowers,
        *,
        invalidate: Callable[[str], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read from `store`.

        Args:
            store: The store.

            followers: Where commits are heard of.

            invalidate: Called with a contest, before any observer, whenever a page that `top_now`
                returned of it may be stale.

            clock: Seconds that only rise.
        """
        self._store = store
        self._followers = followers
        self._invalidate = invalidate
        self._boards = _Windows(clock)
        self._sweeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to let idle windows go."""
        self._sweeper = asyncio.create_task(self._sweep(), name="sweep-windows")

    async def close(self) -> None:
        """Let all windows go."""
        if self._sweeper:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        for board in [*self._boards.values(), *self._boards.gone]:
            board.close()

    def top_now(
        self, contest_id: str, start_rank: int, count: int, min_position: Position = BEGINNING
    ) -> Page | None:
        """Return what `top` would, where it needs nothing to wait for; None otherwise."""
        if start_rank + count - 1 > DEPTH:
            return None
        board = self._boards.get(contest_id)
        page = board.read(start_rank, count) if board else None
        if not board or not page or not page.position.reaches(min_position):
            return None
        board.asked = True
        return page

    async def top(
        self, contest_id: str, start_rank: int, count: int, min_position: Position = BEGINNING
    ) -> Page:
        """Return `count` ranks (1 to 1,000) from `start_rank` (from 1) on.

        Never less than this server has told any caller of this contest, nor less than
        `min_position`.

        Raises:
            PositionUnreachable: `min_position` is not in the store's history.

            StoreUnavailable: The store is needed and away.
        """
        board = await self._filled(contest_id) if start_rank + count - 1 <= DEPTH else None
        page = board.read(start_rank, count) if board else None
        if page and page.position.reaches(min_position):
            return page
        page = await self._store.top(contest_id, start_rank, count)
        self._followers.observe_read(contest_id, page.position)
        if not page.position.reaches(min_position):
            raise PositionUnreachable(contest_id, min_position, page.position)
        return page

    def top_as_followed_now(self, contest_id: str, count: int) -> Page | None:
        """Return what `top_as_followed` would if it needs no waiting; None otherwise."""
        board = self._boards.get(contest_id)
        if not board:
            return None
        board.asked = True
        return board.read_as_followed(1, count)

    async def top_as_followed(self, contest_id: str, count: int) -> Page:
        """Return the first `count` ranks (1 to 1,000) as of the commits heard of so far.

        This is what watchers are told: it goes with the commits of the stream, and may be behind
        what this server has acknowledged for as long as others' commits before are on their way.

        Raises:
            StoreUnavailable: The store is needed and away.
        """
        board = await self._filled(contest_id)
        return board.read_as_followed(1, count) or await self._store.top(contest_id, 1, count)

    async def _filled(self, contest_id: str) -> LiveBoard:
        board = self._boards.get(contest_id)
        if not board or board.closed:
            board = LiveBoard(contest_id, DEPTH, self._store, self._followers, self._invalidate)
            self._boards[contest_id] = board
        board.asked = True
        if board.empty and self._followers.connected:
            with contextlib.suppress(StoreUnavailable):
                await board.fill()
        return board

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for contest_id, board in list(self._boards.items()):
                if board.asked:
                    board.asked = False
                    self._boards[contest_id] = board  # its time to live begins anew
            self._boards.expire()
            gone, self._boards.gone = self._boards.gone, []
            for board in gone:
                board.close()

"""Results of work for one watcher of a contest, kept for others that need the same."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from cachetools import LRUCache

from leaderboard_server.domain.board import Page
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import WatchMessage
from leaderboard_server.tasks import SingleFlightMap
from leaderboard_server.watch.merge import Merge, Rows

CACHE_SIZE = 64
"""Results of each kind that are kept for other watchers at the same position."""
ROWS_KEPT = 32
"""States of the first ranks that are kept for watchers at the same position, 0.1 MB at most."""


class SharedResults:
    """Results for all watchers of one contest, by all that they depend on."""

    def __init__(self) -> None:
        self.messages: LRUCache[object, WatchMessage] = LRUCache(CACHE_SIZE)
        self.merges: LRUCache[object, Merge] = LRUCache(CACHE_SIZE)
        self.reads = SingleFlightMap(CACHE_SIZE, name="watch-read")
        """Reads from the store."""
        self._rows: LRUCache[Position, Rows] = LRUCache(ROWS_KEPT)
        self._depths: Counter[int] = Counter()
        self.depth = 0
        """The largest number of ranks that watchers of the first ranks need now."""

    def clear(self) -> None:
        """Forget all results: they are of a history that is over, or hold what was erased."""
        self.messages.clear()
        self.merges.clear()
        self.reads.clear()
        self._rows.clear()

    @contextlib.contextmanager
    def deep(self, depth: int) -> Iterator[None]:
        """Have merges cover at least this number of ranks, for a block."""
        self._depths[depth] += 1
        self.depth = max(self._depths)
        try:
            yield
        finally:
            self._depths[depth] -= 1
            if not self._depths[depth]:
                del self._depths[depth]
            self.depth = max(self._depths, default=0)

    def rows_at(self, page: Page, depth: int) -> Rows:
        """Return the rows of a page of the first `depth` ranks, one object for all watchers."""
        rows = self._rows.get(page.position)
        if rows is None or rows.depth != depth:
            rows = self._rows[page.position] = Rows(page, depth)
        return rows

    def known_rows(self, position: Position, depth: int) -> Rows | None:
        """Return at least the first `depth` rows at a recent position, if they are still known."""
        rows = self._rows.get(position)
        return rows if rows and rows.depth >= depth else None

"""The top window: the first rows of a board, moved by each commit without reading the store.

Its rows are exact: each change carries the user's place before and after, so applying one is a
removal and an insertion; a row that left the board is removed only. Rows below the window are not
known; where one would have to move up, the window becomes shorter, until it is filled again.
"""

from cachetools import LRUCache

from leaderboard_server.domain.board import Page
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import RankStyle, shown_ranks

SPARE = 100
"""Rows kept beyond the depth, so that users that leave the window seldom make a fill necessary."""

PAGES = 64
"""Pages kept for callers that read the same rows."""


class TopWindow:
    """The first rows of a contest at the position of the latest commit."""

    def __init__(self, depth: int, page: Page) -> None:
        """Start from a page.

        Args:
            depth: How many rows the window has to hold.

            page: The rows from 1 on, `depth + SPARE` of them if there are so many.
        """
        self._depth = depth
        self._rules = page.rules
        self._rows = list(page.users)
        self._position = page.position
        self._total = page.total_users
        self._pages: LRUCache[tuple[int, int], Page] = LRUCache(PAGES)
        """The pages that were read since the window last moved, by first place and count."""

    @property
    def position(self) -> Position:
        """The position of the rows."""
        return self._position

    def covers(self, start_place: int, count: int) -> bool:
        """Return whether these rows are known, or known not to exist."""
        known = len(self._rows)
        return known == self._total or start_place + count - 1 <= known

    def read(self, start_place: int, count: int) -> Page:
        """Return rows that are covered; the same page for as long as nothing changes."""
        page = self._pages.get((start_place, count))
        if not page:
            page = self._pages[start_place, count] = self._page(start_place, count)
        return page

    def _page(self, start_place: int, count: int) -> Page:
        style = self._rules.rank_style
        # Shared ranks depend on the scores of all rows before.
        first = start_place if style is RankStyle.ORDINAL else 1
        rows = self._rows[first - 1 : start_place - 1 + count]
        ranks = shown_ranks(style, [row.score for row in rows], first)
        users = tuple(
            row if (row.rank, row.place) == (rank, place) else row._replace(rank=rank, place=place)
            for place, (row, rank) in enumerate(zip(rows, ranks, strict=True), first)
            if place >= start_place
        )
        return Page(users, self._total, self._position, self._rules)

    def apply(self, commit: Commit) -> bool:
        """Apply the commit that comes next; return whether the window still has its depth."""
        self._pages.clear()
        for change in commit.changes:
            self._apply(change)
        self._position = commit.position
        self._total = commit.total_users
        return len(self._rows) >= min(self._depth, self._total)

    def _apply(self, change: ScoreChange) -> None:
        rows, user = self._rows, change.user
        if 1 <= change.previous_place <= len(rows):
            del rows[change.previous_place - 1]
        # A row right behind the last known one is known too; any further leaves a gap.
        if not change.removed and user.place <= len(rows) + 1:
            rows.insert(user.place - 1, user)
            del rows[self._depth + SPARE :]

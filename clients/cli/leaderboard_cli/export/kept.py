"""Reads the board of a season that is over."""

from collections.abc import Callable, Iterable

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.export.live import OnProgress
from leaderboard_cli.export.row_blocks import RowBlocks
from leaderboard_cli.export.standings import Standings, stored_row
from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.options import MAX_ROWS

ATTEMPTS = 5
"""How often a board is read from its first row on, before the export fails."""


class _Changed(Exception):
    """A user of the season was erased meanwhile."""


class KeptReader:
    """Reads one board, page by page; it changes only when a user is erased."""

    def __init__(
        self,
        get_top_users: Callable[[pb.GetTopUsersRequest], pb.GetTopUsersResponse],
        contest_id: str,
        season: int,
        on_progress: OnProgress,
    ) -> None:
        """Prepare to read.

        Args:
            get_top_users: Reads a page; raises CallError if it fails.

            contest_id: The contest.

            season: The number of the season.

            on_progress: Called with the number of rows so far, and of all rows.
        """
        self._get_top_users = get_top_users
        self._contest_id = contest_id
        self._season = season
        self._on_progress = on_progress

    def read(self, rules: pb.ContestRules) -> Standings:
        """Read the board.

        Args:
            rules: The rules of the contest now. Its order and rank style may have been others in
                the season; then those that its rows show are taken.

        Raises:
            CommandError: There is no such season, a call failed, or the board changed too often.
        """
        for _ in range(ATTEMPTS):
            try:
                return self._read(rules)
            except _Changed:
                continue
        changed = f"season {self._season} of {self._contest_id} changed {ATTEMPTS} times"
        raise CommandError(f"{changed} while it was read; try again later", ExitCode.UNAVAILABLE)

    def _read(self, rules: pb.ContestRules) -> Standings:
        rows, shown = RowBlocks(), _ShownRules()
        page = self._page(1)
        position, total = page.position, page.total_users
        while True:
            if page.position != position or not (page.users or len(rows) == total):
                raise _Changed
            shown.observe(page.users)
            rows.extend(map(stored_row, page.users))
            self._on_progress(len(rows), total)
            if len(rows) >= total:
                break
            page = self._page(len(rows) + 1)
        return Standings(
            contest_id=self._contest_id,
            season=self._season,
            position=position,
            rules=shown.fitting(rules),
            rows=rows,
        )

    def _page(self, first: int) -> pb.GetTopUsersResponse:
        return self._get_top_users(
            pb.GetTopUsersRequest(
                contest_id=self._contest_id, limit=MAX_ROWS, start_rank=first, season=self._season
            )
        )


class _ShownRules:
    """The orders and rank styles by which rows can have the places and ranks that they have."""

    def __init__(self) -> None:
        self._orders = {pb.ORDER_HIGHEST_FIRST, pb.ORDER_LOWEST_FIRST}
        self._styles = {pb.RANK_STYLE_ORDINAL, pb.RANK_STYLE_COMPETITION, pb.RANK_STYLE_DENSE}
        self._score: int | None = None
        self._rank = 0

    def observe(self, users: Iterable[pb.RankedUser]) -> None:
        """Look at the next rows."""
        for user in users:
            shares = user.score == self._score
            if self._score is not None and not shares:
                falls = user.score < self._score
                self._orders.discard(pb.ORDER_LOWEST_FIRST if falls else pb.ORDER_HIGHEST_FIRST)
            ranks = {
                pb.RANK_STYLE_ORDINAL: user.place,
                pb.RANK_STYLE_COMPETITION: self._rank if shares else user.place,
                pb.RANK_STYLE_DENSE: self._rank + (not shares),
            }
            self._styles -= {style for style, rank in ranks.items() if rank != user.rank}
            self._score, self._rank = user.score, user.rank

    def fitting(self, rules: pb.ContestRules) -> pb.ContestRules:
        """Return rules that fit the rows, with as much of other rules as fits."""
        fitting = pb.ContestRules()
        fitting.CopyFrom(rules)
        if self._orders and (rules.order or pb.ORDER_HIGHEST_FIRST) not in self._orders:
            fitting.order = min(self._orders)
        if self._styles and (rules.rank_style or pb.RANK_STYLE_ORDINAL) not in self._styles:
            fitting.rank_style = min(self._styles)
        return fitting

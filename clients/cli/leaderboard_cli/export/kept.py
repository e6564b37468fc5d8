"""Reads the board of a season that is over."""

from collections.abc import Callable

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.export.live import OnProgress
from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.options import MAX_ROWS
from leaderboard_cli.standings.board import Standings, stored_row
from leaderboard_cli.standings.row_blocks import RowBlocks
from leaderboard_cli.standings.shown_rules import ShownRules

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
        self._position: pb.Position | None = None
        """The latest position of a page: other servers may know an earlier one for a while."""

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
        rows, shown = RowBlocks(), ShownRules()
        page = self._page(1)
        position, total = page.position, page.total_users
        while True:
            if page.position != position or not (page.users or len(rows) == total):
                raise _Changed
            for user in page.users:
                shown.observe(user)
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
        request = pb.GetTopUsersRequest(
            contest_id=self._contest_id,
            limit=MAX_ROWS,
            start_rank=first,
            season=self._season,
            min_position=self._position,
        )
        page = self._get_top_users(request)
        self._position = page.position
        return page

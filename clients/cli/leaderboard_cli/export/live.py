"""Reads the whole board of a contest as of one position, while the contest goes on.

A watch of all changes runs beside the reading of pages. A page is of some position at or after that
of the rows so far: these are moved to exactly that position by the changes, and then the page is
appended where they end by then. The next page begins where the rows end, with some rows that are
there already: when rows above have left the board meanwhile, nothing is missing, and both are
compared.
"""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.export.board_prefix import BoardPrefix, InconsistentBoardError
from leaderboard_cli.export.change_reader import BoardResetError, ChangeReader, WatchOverError
from leaderboard_cli.failures import CallError, CommandError, ExitCode
from leaderboard_cli.options import MAX_ROWS
from leaderboard_cli.standings.board import Standings

ATTEMPTS = 5
"""How often a board is read from its first row on, before the export fails."""

PAGE = MAX_ROWS
"""The rows of a page."""

OVERLAP = 50
"""The rows of a page that are there already, if none above it left the board."""

_UNREACHABLE = "ERROR_REASON_POSITION_UNREACHABLE"


OnProgress: TypeAlias = Callable[[int, int], None]
"""Called with the number of rows so far, and of all rows."""


class SeasonOverError(Exception):
    """The season that is exported has ended."""

    def __init__(self, season: int) -> None:
        super().__init__(f"season {season} is over")
        self.season = season


class Source(Protocol):
    """A service with boards."""

    def get_top_users(self, request: pb.GetTopUsersRequest) -> pb.GetTopUsersResponse:
        """Read consecutive rows; raise CallError if it fails."""

    def begin_watch(self, contest_id: str) -> ChangeReader:
        """Begin a watch of all changes, in place of the one before."""


class LiveReader:
    """Reads one board."""

    def __init__(self, source: Source, contest_id: str, on_progress: OnProgress) -> None:
        """Prepare to read.

        Args:
            source: The service.

            contest_id: The contest.

            on_progress: Called with the number of rows so far, and of all rows.
        """
        self._source = source
        self._contest_id = contest_id
        self._on_progress = on_progress

    def read(self, season: int = 0) -> Standings:
        """Read the board.

        Args:
            season: The season, if it is known; 0 for the one that is the current one now.

        Raises:
            SeasonOverError: The season ended meanwhile.

            CommandError: There is no such contest, it was deleted, a call failed, or the board
                began again too often.

            LeaderboardError, StreamLostError, MissedChangesError: The watch failed.
        """
        snapshot = None
        for _ in range(ATTEMPTS):
            if snapshot is None:
                changes = self._source.begin_watch(self._contest_id)
            try:
                board = BoardPrefix(snapshot or changes.next_snapshot())
                season = season or board.season
                self._check(board, season)
                self._fill(board, changes)
            except BoardResetError as reset:
                snapshot = reset.message
            except (InconsistentBoardError, WatchOverError):
                snapshot = None
            else:
                return self._standings(board)
        again = f"{self._contest_id} began again {ATTEMPTS} times while it was read"
        raise CommandError(f"{again}; try again later", ExitCode.UNAVAILABLE)

    def _check(self, board: BoardPrefix, season: int) -> None:
        if not board.epoch:
            raise CommandError(f"there is no contest {self._contest_id}", ExitCode.NOT_FOUND)
        if board.season > season:
            raise SeasonOverError(season)
        if board.season < season:
            raise WatchOverError

    def _fill(self, board: BoardPrefix, changes: ChangeReader) -> None:
        """Read rows until the board is complete."""
        self._on_progress(len(board.rows), board.total_users)
        while not board.complete:
            first = max(1, len(board.rows) + 1 - OVERLAP)
            page = self._page(first, board, changes)
            if changes.move(board, page.position.revision):
                board.append(page.users, first)
            self._on_progress(len(board.rows), board.total_users)

    def _page(
        self, first: int, board: BoardPrefix, changes: ChangeReader
    ) -> pb.GetTopUsersResponse:
        request = pb.GetTopUsersRequest(
            contest_id=self._contest_id,
            limit=PAGE,
            start_rank=first,
            min_position=board.position,
        )
        try:
            return self._source.get_top_users(request)
        except CallError as error:
            if error.error.reason == _UNREACHABLE:  # the epoch has ended, and the watch says so
                raise BoardResetError(changes.next_snapshot()) from None
            raise

    def _standings(self, board: BoardPrefix) -> Standings:
        return Standings(
            contest_id=self._contest_id,
            season=board.season,
            position=board.position,
            rules=board.rules,
            rows=board.rows,
        )

"""The first rows of a board, kept exact by the changes of its watch while more are read.

The rows are those of one position. A change moves them to its own position: a row leaves, enters,
or moves within them, and there are fewer or more of them. So a row that only shifts, because others
pass it, is never skipped or read twice.
"""

from collections.abc import Sequence

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.standings.board import stored_row
from leaderboard_cli.standings.row_blocks import RowBlocks


class InconsistentBoardError(Exception):
    """Rows that were read differ from those that the changes led to."""


class BoardPrefix:
    """The first rows of a board as of a position; all of them once it is `complete`."""

    def __init__(self, message: pb.WatchContestResponse) -> None:
        """Begin with the snapshot of a message: its rows are the first ones."""
        snapshot = message.snapshot
        self.epoch = message.position.epoch
        self.revision = message.position.revision
        self.season = snapshot.season
        self.rules = snapshot.rules
        self.total_users = snapshot.total_users
        self.rows = RowBlocks()
        self.rows.extend(map(stored_row, snapshot.users))

    @property
    def position(self) -> pb.Position:
        """The position of the rows."""
        return pb.Position(epoch=self.epoch, revision=self.revision)

    @property
    def complete(self) -> bool:
        """Whether the rows are the whole board."""
        return len(self.rows) == self.total_users

    def apply(self, changes: Sequence[pb.ScoreChange], revision: int) -> None:
        """Move the rows to a later revision, over all changes since theirs.

        Raises:
            InconsistentBoardError: A row that leaves its place is not there.
        """
        for change in changes:
            self._apply(change)
        self.revision = revision

    def _apply(self, change: pb.ScoreChange) -> None:
        user, place = change.user, change.previous_place
        if 0 < place <= len(self.rows):
            held = pb.RankedUser.FromString(self.rows.pop(place - 1))
            if held.user_id != user.user_id:
                raise InconsistentBoardError(f"place {place} is not that of the user who left it")
        self.total_users += (not change.removed) - (place > 0)
        if not change.removed and user.place <= len(self.rows) + 1:
            self.rows.insert(user.place - 1, stored_row(user))

    def append(self, users: Sequence[pb.RankedUser], first_place: int) -> bool:
        """Add rows that were read at this position, unless there would be a hole before them.

        Args:
            users: Consecutive rows of the board.

            first_place: The place of the first one.

        Returns:
            Whether they follow the rows that are there.

        Raises:
            InconsistentBoardError: They are not the rows that are there at the same places.
        """
        known = len(self.rows) + 1 - first_place
        if known < 0:
            return False
        rows = list(map(stored_row, users))
        last = self.rows.last(known)[: len(rows)]
        if last != rows[:known]:
            raise InconsistentBoardError(f"other rows were read from place {first_place} on")
        self.rows.extend(rows[known:])
        return True

"""Standings: all rows of a board as of one position, with their places and ranks."""

from collections.abc import Iterator
from dataclasses import dataclass

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.standings.row_blocks import RowBlocks
from leaderboard_client.live_board import shown_ranks


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """The whole board of a contest or of a kept season."""

    contest_id: str
    season: int
    position: pb.Position
    rules: pb.ContestRules
    rows: RowBlocks
    """The rows, without places and ranks: those follow from their order and from the rules."""

    def users(self) -> Iterator[pb.RankedUser]:
        """Yield the rows with their places and ranks."""
        ranks = shown_ranks(self.rules.rank_style, self._scores())
        for place, (row, rank) in enumerate(zip(self.rows, ranks, strict=True), 1):
            user = pb.RankedUser.FromString(row)
            user.place, user.rank = place, rank
            yield user

    def _scores(self) -> Iterator[int]:
        for row in self.rows:
            yield pb.RankedUser.FromString(row).score


def stored_row(user: pb.RankedUser) -> bytes:
    """Return a row as it is stored: without place and rank."""
    user.ClearField("place")
    user.ClearField("rank")
    return user.SerializeToString(deterministic=True)

"""An export of a board that changes meanwhile is exactly the board of the position it names."""

from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from cli.moving_board import MovingBoard
from harness.plain_board import Step
from harness.strategies import USERS, rules
from leaderboard_cli.export.live import LiveReader
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.rules import Rules

_steps = [[Step(user, 1 + number % 4)] for number, user in enumerate(USERS)]
_boards = st.builds(
    lambda steps, count: steps[:count], st.permutations(_steps), st.integers(3, len(USERS))
)
"""Boards of some of the users, with ties; the others may come later."""


class TestLiveReader:
    """Guarantees of the export of a live board."""

    @given(
        data=st.data(),
        rules=rules,
        start=_boards,
        page=st.integers(1, 5),
        overlap=st.integers(0, 3),
    )
    def test_reads_the_board_of_its_position(
        self, data: st.DataObject, rules: Rules, start: list[list[Step]], page: int, overlap: int
    ) -> None:
        """Rows, places, ranks and names are those of the board at the position that is named."""
        source = MovingBoard(data, rules, start)

        with (
            patch("leaderboard_cli.export.live.PAGE", page),
            patch("leaderboard_cli.export.live.OVERLAP", min(overlap, page - 1)),
        ):
            standings = LiveReader(source, "chess", lambda _rows, _total: None).read()

        (board,) = [
            state.users
            for state in source.states
            if state.position.revision == standings.position.revision
        ]
        read = [
            RankedUser(user.user_id, user.score, user.rank, user.display_name, user.place)
            for user in standings.users()
        ]
        assert read == list(board)

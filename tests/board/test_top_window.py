"""The top window against a board that is sorted for every read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.plain_board import PlainBoard, Step
from harness.strategies import moderated_commits, rules
from leaderboard_server.board import top_window as module
from leaderboard_server.board.top_window import TopWindow
from leaderboard_server.domain.rules import Rules


class TestTopWindow:
    """Properties of a window under random changes."""

    @given(rules=rules, start=moderated_commits, then=moderated_commits, depth=st.integers(1, 6))
    def test_equals_the_board_after_every_commit(
        self, rules: Rules, start: list[list[Step]], then: list[list[Step]], depth: int
    ) -> None:
        """The window equals the board, and when it is short it is filled again."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "SPARE", 2)
            board = PlainBoard(rules)
            for steps in start:
                board.commit(steps)
            window = TopWindow(depth, board.page(depth + 2))
            for steps in then:
                if not window.apply(board.commit(steps)):
                    window = TopWindow(depth, board.page(depth + 2))

                expected = board.page(depth)
                assert window.covers(1, depth)
                assert window.read(1, depth) == expected

    @given(
        rules=rules,
        start=moderated_commits,
        then=moderated_commits,
        depth=st.integers(1, 6),
        first=st.integers(1, 14),
    )
    def test_never_claims_ranks_it_does_not_know(
        self,
        rules: Rules,
        start: list[list[Step]],
        then: list[list[Step]],
        depth: int,
        first: int,
    ) -> None:
        """A short window returns correct ranks, or reports that it does not cover them."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "SPARE", 1)
            board = PlainBoard(rules)
            for steps in start:
                board.commit(steps)
            window = TopWindow(depth, board.page(depth + 1))
            for steps in then:
                window.apply(board.commit(steps))

                if window.covers(first, 3):
                    expected = board.ranked()[first - 1 : first + 2]
                    assert list(window.read(first, 3).users) == expected

    def test_stays_whole_during_writes_below(self) -> None:
        """Changes below the window never make a fill necessary."""
        board = PlainBoard()
        board.commit([Step(f"top{number}", 1_000 - number) for number in range(200)])
        window = TopWindow(20, board.page(20 + module.SPARE))

        kept = [window.apply(board.commit([Step(f"low{number % 9}", 1)])) for number in range(500)]

        assert all(kept)

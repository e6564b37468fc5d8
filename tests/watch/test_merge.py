"""Merged changes, applied by the rules of the contract."""

from hypothesis import given
from hypothesis import strategies as st

from harness.plain_board import PlainBoard, Step
from harness.strategies import commits
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.watch.merge import merge


def applied(
    rows: list[RankedUser], changes: tuple[ScoreChange, ...], limit: int
) -> list[RankedUser]:
    """Apply changes as a watcher does: remove the row, insert it at its rank, cut to the limit."""
    for change in changes:
        rows = [row for row in rows if row.user_id != change.user.user_id]
        if change.user.rank <= limit:
            rows.insert(change.user.rank - 1, change.user)
        rows = rows[:limit]
    return [row._replace(rank=rank) for rank, row in enumerate(rows, 1)]


def after(board: PlainBoard, batches: list[list[Step]]) -> list[Commit]:
    """Return the commits of each list of steps."""
    return [board.commit(steps) for steps in batches]


class TestMerge:
    """Guarantees of merged changes."""

    @given(start=commits, then=commits, limit=st.integers(1, 8))
    def test_turns_the_old_rows_into_the_new(
        self, start: list[list[Step]], then: list[list[Step]], limit: int
    ) -> None:
        """After any number of merged commits the watcher has the board's first ranks."""
        board = PlainBoard()
        after(board, start)
        old = board.page(limit).users
        merged = after(board, then)
        new = board.page(limit).users

        assert applied(list(old), merge(old, new, limit, merged), limit) == list(new)

    @given(start=commits, then=commits, limit=st.integers(1, 8))
    def test_has_all_rows_if_the_old_ones_are_not_known(
        self, start: list[list[Step]], then: list[list[Step]], limit: int
    ) -> None:
        """A resumed watcher has the board after these changes, whatever rows it had before."""
        board = PlainBoard()
        after(board, start)
        old = board.page(limit).users
        merged = after(board, then)
        new = board.page(limit).users

        assert applied(list(old), merge((), new, limit, merged), limit) == list(new)

    @given(start=commits, then=commits, limit=st.integers(1, 8))
    def test_has_no_rows_that_did_not_change(
        self, start: list[list[Step]], then: list[list[Step]], limit: int
    ) -> None:
        """Merged changes have only rows that changed, entered or left."""
        board = PlainBoard()
        after(board, start)
        old = board.page(limit).users
        merged = after(board, then)
        new = board.page(limit).users

        touched = {change.user.user_id for commit in merged for change in commit.changes}
        entered = {user.user_id for user in new} - {user.user_id for user in old}
        for change in merge(old, new, limit, merged):
            assert change.user.user_id in touched | entered

    def test_sums_the_points_of_one_user(self) -> None:
        """The merged change has the sum of the points, the first rank before and the last row."""
        board = PlainBoard()
        after(board, [[Step("ada", 5), Step("bo", 4)]])
        old = board.page(10).users
        merged = after(board, [[Step("bo", 3)], [Step("bo", 2)]])

        (change,) = merge(old, board.page(10).users, 10, merged)

        expected = (RankedUser("bo", 9, 1, ""), 2, 5)
        assert expected == (change.user, change.previous_rank, change.points)

"""Merged changes, applied by the rules of the contract."""

import random

from hypothesis import given
from hypothesis import strategies as st

from harness.plain_board import Act, PlainBoard, Step
from harness.strategies import moderated_commits, rules
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.rules import RankStyle, Rules, shown_ranks
from leaderboard_server.watch.merge import CACHED_CHANGES, Merge, Rows
from watch.plain_merge import plain_merge

DEPTH = 9
"""The largest limit of the watchers; boards have fewer and more users."""
users = st.sampled_from([f"u{number}" for number in range(14)])
steps = st.builds(Step, users, st.integers(-6, 6), st.just("")) | st.builds(
    Step, users, st.just(0), st.just(""), st.sampled_from(Act)
)
many_commits = st.lists(st.lists(steps, min_size=1, max_size=6), max_size=15)


def applied(
    rows: list[RankedUser], changes: tuple[ScoreChange, ...], limit: int, style: RankStyle
) -> list[RankedUser]:
    """Apply changes as a watcher does: remove the row, insert it at its place, cut to the limit."""
    for change in changes:
        rows = [row for row in rows if row.user_id != change.user.user_id]
        if not change.removed and change.user.place <= limit:
            rows.insert(change.user.place - 1, change.user)
        rows = rows[:limit]
    ranks = shown_ranks(style, [row.score for row in rows])
    return [
        row._replace(rank=rank, place=place)
        for place, (row, rank) in enumerate(zip(rows, ranks, strict=True), 1)
    ]


def after(board: PlainBoard, batches: list[list[Step]]) -> list[Commit]:
    """Return the commits of each list of steps."""
    return [board.commit(steps) for steps in batches]


def rows(board: PlainBoard, depth: int) -> Rows:
    """Return the first rows of a board."""
    return Rows(board.page(depth), depth)


class TestMerge:
    """Guarantees of merged changes."""

    @given(
        rules=rules,
        start=many_commits,
        then=many_commits,
        known=st.booleans(),
        order=st.randoms(),
    )
    def test_has_the_changes_of_each_limit(
        self,
        rules: Rules,
        start: list[list[Step]],
        then: list[list[Step]],
        known: bool,  # noqa: FBT001 - hypothesis passes it by name
        order: random.Random,
    ) -> None:
        """The changes of each limit are those of a merge for that limit alone."""
        board = PlainBoard(rules)
        after(board, start)
        old = rows(board, DEPTH)
        commits = after(board, then)
        new = rows(board, DEPTH)

        merge = Merge(old if known else None, new, commits)

        limits = [*range(1, DEPTH + 1)] * 2
        order.shuffle(limits)
        for limit in limits:
            before = old.users[:limit] if known else ()
            expected = plain_merge(
                before, new.users[:limit], limit, commits, rules.rank_style, known=known
            )
            assert merge.changes(limit) == expected

    @given(rules=rules, start=moderated_commits, then=moderated_commits, limit=st.integers(1, 8))
    def test_turns_the_old_rows_into_the_new(
        self, rules: Rules, start: list[list[Step]], then: list[list[Step]], limit: int
    ) -> None:
        """After any number of merged commits the watcher has the board's first ranks."""
        board = PlainBoard(rules)
        after(board, start)
        old, commits, new = rows(board, limit), after(board, then), rows(board, limit)

        changes = Merge(old, new, commits).changes(limit)
        assert applied(list(old.users), changes, limit, rules.rank_style) == list(new.users)

    @given(rules=rules, start=moderated_commits, then=moderated_commits, limit=st.integers(1, 8))
    def test_has_all_rows_if_the_old_ones_are_not_known(
        self, rules: Rules, start: list[list[Step]], then: list[list[Step]], limit: int
    ) -> None:
        """A resumed watcher has the board after these changes, whatever rows it had before."""
        board = PlainBoard(rules)
        after(board, start)
        old, commits, new = rows(board, limit), after(board, then), rows(board, limit)

        changes = Merge(None, new, commits).changes(limit)
        assert applied(list(old.users), changes, limit, rules.rank_style) == list(new.users)

    @given(rules=rules, start=moderated_commits, then=moderated_commits, limit=st.integers(1, 8))
    def test_has_no_rows_that_did_not_change(
        self, rules: Rules, start: list[list[Step]], then: list[list[Step]], limit: int
    ) -> None:
        """Merged changes have only rows that changed, entered or left."""
        board = PlainBoard(rules)
        after(board, start)
        old, commits, new = rows(board, limit), after(board, then), rows(board, limit)

        touched = {change.user.user_id for commit in commits for change in commit.changes}
        entered = {user.user_id for user in new.users} - {user.user_id for user in old.users}
        for change in Merge(old, new, commits).changes(limit):
            assert change.user.user_id in touched | entered

    def test_limits_share_the_changes_that_do_not_differ(self) -> None:
        """A user that moves up costs one list of changes for all limits below which it stays."""
        board = PlainBoard()
        after(board, [[Step(f"u{number}", 100 - number) for number in range(50)]])
        old, commits, new = rows(board, 50), after(board, [[Step("u30", 22)]]), rows(board, 50)

        merge = Merge(old, new, commits)

        assert {id(merge.changes(limit)) for limit in range(1, 10)} == {id(merge.changes(1))}
        assert not merge.changes(1)
        assert len({id(merge.changes(limit)) for limit in range(10, 31)}) == 1
        assert {merge.changes(limit)[0].user.rank for limit in range(10, 51)} == {10}

    def test_keeps_few_changes(self) -> None:
        """However many limits are watched, one merge keeps a bounded number of changes."""
        board, users = PlainBoard(), range(200)
        after(board, [[Step(f"u{number}", number) for number in users]])
        old = rows(board, 200)
        commits = after(board, [[Step(f"u{number}", 300 - 2 * number) for number in users]])
        merge = Merge(old, rows(board, 200), commits)

        made = {limit: merge.changes(limit) for limit in range(1, 201)}

        kept = {
            id(changes): changes
            for limit, changes in made.items()
            if merge.changes(limit) is changes
        }
        assert sum(map(len, made.values())) > 2 * CACHED_CHANGES
        assert 0 < sum(map(len, kept.values())) <= CACHED_CHANGES

    def test_does_not_merge_across_a_removal(self) -> None:
        """A user that was removed and returned leaves first, and has a new row."""
        board = PlainBoard()
        after(board, [[Step("ada", 5), Step("bo", 4)]])
        old = rows(board, 10)
        steps = [Step("ada", 1), Step("ada", 0, act=Act.REMOVE), Step("ada", 2), Step("ada", 1)]
        commits = after(board, [[step] for step in steps])

        removal, arrival = Merge(old, rows(board, 10), commits).changes(10)

        assert removal == ScoreChange(RankedUser("ada", 0, 0, "", 0), 1, 1, 0, "", None)
        assert arrival == ScoreChange(RankedUser("ada", 3, 2, "", 2), 0, 0, 3, "", None)

    def test_removes_only_what_a_watcher_can_hold(self) -> None:
        """A user that came and left again is in no message, whatever rows the watcher has."""
        board = PlainBoard()
        after(board, [[Step("ada", 5)]])
        old = rows(board, 10)
        commits = after(board, [[Step("bo", 4)], [Step("bo", 0, act=Act.REMOVE)]])
        new = rows(board, 10)

        assert not Merge(old, new, commits).changes(10)
        assert [change.user.user_id for change in Merge(None, new, commits).changes(10)] == ["ada"]

    def test_sums_the_points_of_one_user(self) -> None:
        """The merged change has the sum of the points, the first rank before and the last row."""
        board = PlainBoard()
        after(board, [[Step("ada", 5), Step("bo", 4)]])
        old, commits, new = (
            rows(board, 10),
            after(board, [[Step("bo", 3)], [Step("bo", 2)]]),
            rows(board, 10),
        )

        (change,) = Merge(old, new, commits).changes(10)

        expected = (RankedUser("bo", 9, 1, "", 1), 2, 5)
        assert expected == (change.user, change.previous_rank, change.points)

"""The checker of watches, with contests whose rules share ranks or have the lowest first."""

import pytest

from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb

COMPETITION = pb.ContestRules(order=pb.ORDER_HIGHEST_FIRST, rank_style=pb.RANK_STYLE_COMPETITION)
DENSE = pb.ContestRules(order=pb.ORDER_HIGHEST_FIRST, rank_style=pb.RANK_STYLE_DENSE)
LOWEST = pb.ContestRules(order=pb.ORDER_LOWEST_FIRST, rank_style=pb.RANK_STYLE_ORDINAL)


def user(user_id: str, score: int, place: int, rank: int) -> pb.RankedUser:
    """Return a row."""
    return pb.RankedUser(user_id=user_id, score=score, place=place, rank=rank)


def snapshot(rules: pb.ContestRules | None, *rows: pb.RankedUser) -> pb.WatchContestResponse:
    """Return a first snapshot of all rows, at revision 9."""
    return pb.WatchContestResponse(
        position=pb.Position(epoch="e", revision=9),
        snapshot=pb.Snapshot(
            users=rows,
            total_users=len(rows),
            reason=pb.SNAPSHOT_REASON_INITIAL,
            rules=rules,
            season=1,
        ),
    )


def change(
    row: pb.RankedUser,
    points: int,
    previous_place: int = 0,
    previous_rank: int = 0,
    *,
    total: int = 4,
) -> pb.WatchContestResponse:
    """Return the change of one row, at revision 10."""
    return pb.WatchContestResponse(
        position=pb.Position(epoch="e", revision=10),
        previous_revision=9,
        changes=pb.Changes(
            changes=[
                pb.ScoreChange(
                    user=row,
                    points=points,
                    previous_place=previous_place,
                    previous_rank=previous_rank,
                )
            ],
            total_users=total,
        ),
    )


def tied(style: pb.ContestRules) -> list[pb.RankedUser]:
    """Return 9, 7, 7, 5 with their ranks."""
    last = 3 if style is DENSE else 4
    return [user("a", 9, 1, 1), user("b", 7, 2, 2), user("c", 7, 3, 2), user("d", 5, 4, last)]


def checker(scope: pb.WatchScope, limit: int = 100) -> WatchChecker:
    """Return a checker of a stream from the start."""
    watch = WatchChecker(scope=scope, limit=limit)
    watch.begin()
    return watch


@pytest.mark.parametrize(("rules", "ranks"), [(COMPETITION, [1, 1, 3, 4]), (DENSE, [1, 1, 2, 3])])
def test_ranks_of_rows_that_only_shifted_are_derived(
    rules: pb.ContestRules, ranks: list[int]
) -> None:
    """A row that reaches the first score moves the ranks below it."""
    watch = checker(pb.WATCH_SCOPE_ALL)
    watch.feed(snapshot(rules, *tied(rules)))
    watch.feed(change(user("c", 9, 2, 1), 2, previous_place=3, previous_rank=2))

    assert [row.user_id for row in watch.ranked] == ["a", "c", "b", "d"]
    assert [row.place for row in watch.ranked] == [1, 2, 3, 4]
    assert [row.rank for row in watch.ranked] == ranks


def test_row_that_left_may_have_a_rank_within_the_limit() -> None:
    """With the scope TOP its place is beyond the limit, while its score is that of the last row."""
    watch = checker(pb.WATCH_SCOPE_TOP, limit=2)
    message = snapshot(COMPETITION, *tied(COMPETITION)[:2])
    message.snapshot.total_users = 4
    watch.feed(message)
    watch.feed(change(user("c", 9, 2, 1), 2, previous_place=3, previous_rank=2))

    assert [(row.user_id, row.rank) for row in watch.ranked] == [("a", 1), ("c", 1)]


@pytest.mark.parametrize(
    ("message", "broken"),
    [
        (change(user("c", 9, 2, 2), 2, 3, 2), "has rank 2, derived is 1"),
        (change(user("c", 9, 2, 1), 2, 3, 3), "had place 3 and rank 2"),
        (change(user("c", 9, 2, 1), 2, 2, 2), "had place 3 and rank 2"),
        (change(user("c", 9, 2, 3), 2, 3, 2), "rank 3 of 2"),
        (change(user("c", 6, 3, 3), -1, 3, 2), None),
        (change(user("c", 6, 2, 3), -1, 3, 2), "rank 3 of 2"),
    ],
)
def test_wrong_rank_or_place_is_rejected(
    message: pb.WatchContestResponse, broken: str | None
) -> None:
    """Each number that was sent is compared with the derived one."""
    watch = checker(pb.WATCH_SCOPE_ALL)
    watch.feed(snapshot(COMPETITION, *tied(COMPETITION)))

    if broken is None:
        watch.feed(message)
        return
    with pytest.raises(AssertionError, match=broken):
        watch.feed(message)


@pytest.mark.parametrize(
    ("message", "broken"),
    [
        (snapshot(None, user("a", 9, 1, 1)), "without the rules"),
        (snapshot(DENSE, *tied(COMPETITION)), "derived are"),
        (snapshot(LOWEST, *tied(COMPETITION)), "not best first"),
        (snapshot(LOWEST, user("d", 5, 1, 1), user("b", 7, 2, 2)), None),
    ],
)
def test_snapshot_has_the_rules_by_which_its_rows_are_ranked(
    message: pb.WatchContestResponse, broken: str | None
) -> None:
    """Rules are always set, and order and ranks of the rows follow from them."""
    watch = checker(pb.WATCH_SCOPE_ALL)

    if broken is None:
        watch.feed(message)
        return
    with pytest.raises(AssertionError, match=broken):
        watch.feed(message)

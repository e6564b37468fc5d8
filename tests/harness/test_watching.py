"""The checker of watches accepts correct streams, and rejects each kind of wrong one."""

import pytest

from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb

ORDINAL_RULES = pb.ContestRules(order=pb.ORDER_HIGHEST_FIRST, rank_style=pb.RANK_STYLE_ORDINAL)


def _snapshot(
    revision: int,
    *scores: int,
    reason: pb.SnapshotReason = pb.SNAPSHOT_REASON_INITIAL,
    previous: int = 0,
    epoch: str = "e",
    season: int = 1,
) -> pb.WatchContestResponse:
    users = [
        pb.RankedUser(user_id=f"u{place}", score=score, rank=place, place=place)
        for place, score in enumerate(scores, start=1)
    ]
    return pb.WatchContestResponse(
        position=pb.Position(epoch=epoch, revision=revision),
        previous_revision=previous,
        snapshot=pb.Snapshot(
            users=users,
            total_users=len(users),
            reason=reason,
            rules=ORDINAL_RULES,
            season=season,
        ),
    )


def _change(
    user_id: str, score: int, points: int, place: int, previous_place: int = 0
) -> pb.ScoreChange:
    return pb.ScoreChange(
        user=pb.RankedUser(user_id=user_id, score=score, rank=place, place=place),
        previous_rank=previous_place,
        previous_place=previous_place,
        points=points,
    )


def _removal(user_id: str, place: int) -> pb.ScoreChange:
    return pb.ScoreChange(
        user=pb.RankedUser(user_id=user_id),
        previous_rank=place,
        previous_place=place,
        removed=True,
    )


def _changes(
    previous: int, revision: int, *changes: pb.ScoreChange, epoch: str = "e", total: int = 2
) -> pb.WatchContestResponse:
    return pb.WatchContestResponse(
        position=pb.Position(epoch=epoch, revision=revision),
        previous_revision=previous,
        changes=pb.Changes(changes=changes, total_users=total),
    )


def _checker(*messages: pb.WatchContestResponse) -> WatchChecker:
    checker = WatchChecker(scope=pb.WATCH_SCOPE_ALL, limit=100)
    checker.begin()
    for message in messages:
        checker.feed(message)
    return checker


def test_a_correct_stream_builds_the_board() -> None:
    """Changes move rows by the rules of the contract."""
    checker = _checker(
        _snapshot(2, 9, 5),
        _changes(2, 4, _change("u2", 10, 5, 1, previous_place=2), _change("new", 9, 9, 3), total=3),
    )

    assert [row.user_id for row in checker.rows] == ["u2", "u1", "new"]


def test_the_scope_top_cuts_at_the_limit() -> None:
    """A row that is pushed below the limit leaves the watched board."""
    checker = WatchChecker(scope=pb.WATCH_SCOPE_TOP, limit=2)
    checker.begin()
    checker.feed(_snapshot(2, 9, 5))
    checker.feed(_changes(2, 7, _change("new", 7, 7, 2), total=3))

    assert [row.user_id for row in checker.rows] == ["u1", "new"]


def test_a_removal_removes_the_row() -> None:
    """The rows below it move up, and the user may come back as a new one."""
    checker = _checker(
        _snapshot(2, 9, 5, 3),
        _changes(2, 3, _removal("u2", 2)),
        _changes(3, 4, _change("u2", 4, 4, 2), total=3),
    )

    assert [row.user_id for row in checker.rows] == ["u1", "u2", "u3"]


def test_the_scope_top_has_as_many_rows_as_the_board() -> None:
    """A row that was removed has to be replaced if there is another one below the limit."""
    checker = WatchChecker(scope=pb.WATCH_SCOPE_TOP, limit=2)
    checker.begin()
    checker.feed(_snapshot(2, 9, 5))

    with pytest.raises(AssertionError, match="1 rows of 2 users"):
        checker.feed(_changes(2, 3, _removal("u2", 2)))


def test_a_removed_user_has_nothing_but_its_id() -> None:
    """A row that left has no score and no place."""
    removal = _removal("u1", 1)
    removal.user.score = 9

    with pytest.raises(AssertionError, match="more than its id"):
        _checker(_snapshot(2, 9, 5), _changes(2, 3, removal, total=1))


def test_writes_of_hidden_users_take_revisions() -> None:
    """Where there are hidden users a message may cover more revisions than it has changes."""
    checker = WatchChecker(scope=pb.WATCH_SCOPE_ALL, limit=100, hidden_users=True)
    checker.begin()
    checker.feed(_snapshot(2, 9, 5))
    checker.feed(_changes(2, 5, _change("u1", 10, 1, 1, 1)))

    assert [row.score for row in checker.rows] == [10, 5]


@pytest.mark.parametrize(
    ("message", "broken"),
    [
        (_changes(1, 3, _change("u1", 10, 1, 1, 1)), "a gap"),
        (_changes(2, 4, _change("u1", 10, 1, 1, 1)), "1 changes for 2 revisions"),
        (_changes(2, 2, _change("u1", 10, 1, 1, 1)), "without a new revision"),
        (_changes(2, 3, _change("u1", 11, 1, 1, 1)), "changes lead to"),
        (_changes(2, 3, _change("u1", 10, 1, 1, 2)), "had place 1"),
        (_changes(2, 3, _change("u2", 10, 5, 2, 2)), "not best first"),
        (_changes(2, 3, _change("u1", 10, 1, 1, 1), epoch="f"), "without a snapshot"),
        (_changes(2, 3, _removal("u1", 1)), "1 rows of 2 users"),
        (_changes(2, 3, _removal("u1", 2), total=1), "u1 was at"),
        (_changes(2, 3, _removal("u3", 3), total=2), "u3 was at None"),
        (_changes(2, 3, _change("u1", 18, 9, 1)), "is there already"),
        (_snapshot(3, 9, previous=2), "no reason here"),
        (
            _snapshot(3, 9, previous=2, reason=pb.SNAPSHOT_REASON_NEW_EPOCH),
            "NEW_EPOCH with the epochs",
        ),
        (
            _snapshot(1, 9, previous=2, reason=pb.SNAPSHOT_REASON_LAGGED),
            "from revision 2 to 1",
        ),
        (
            pb.WatchContestResponse(
                position=pb.Position(epoch="e", revision=3),
                previous_revision=2,
                progress=pb.Progress(),
            ),
            "ahead of what was delivered",
        ),
    ],
)
def test_a_wrong_message_is_rejected(message: pb.WatchContestResponse, broken: str) -> None:
    """Each broken rule has its text."""
    checker = _checker(_snapshot(2, 9, 5))

    with pytest.raises(AssertionError, match=broken):
        checker.feed(message)


def test_a_stream_must_begin_with_a_snapshot() -> None:
    """Changes before any state can't be applied."""
    with pytest.raises(AssertionError, match="in place of the first snapshot"):
        _checker(_changes(0, 1, _change("u1", 1, 1, 1)))


def test_a_resumed_stream_continues_the_board() -> None:
    """After a resume the changes are applied to the board of the watcher."""
    checker = _checker(_snapshot(2, 9, 5))
    checker.begin(checker.position)
    checker.feed(_changes(2, 3, _change("u2", 6, 1, 2, 2)))

    assert [row.score for row in checker.rows] == [9, 6]


def test_a_resumed_stream_may_not_skip() -> None:
    """The first changes of a resumed stream start at its position."""
    checker = _checker(_snapshot(2, 9, 5))
    checker.begin(checker.position)

    with pytest.raises(AssertionError, match="resumed after"):
        checker.feed(_changes(3, 4, _change("u2", 6, 1, 2, 2)))


def test_a_split_commit_is_rejected() -> None:
    """A state between the revisions of one commit never was in the store."""
    checker = _checker(_snapshot(2, 9, 5), _changes(2, 3, _change("u1", 10, 1, 1, 1)))

    checker.assert_whole([(1, 2), (3, 3)])
    with pytest.raises(AssertionError, match="of the commit 3 to 4"):
        checker.assert_whole([(3, 4)])

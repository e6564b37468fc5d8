"""The live board follows the messages of a watch, and refuses those that leave a gap."""

from collections.abc import Iterable

import pytest

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import RankedUser
from leaderboard_client.live_board import LiveBoard
from leaderboard_client.watch_update import MissedChangesError


def user(user_id: str, score: int, place: int) -> pb.RankedUser:
    """Make a row as messages carry it."""
    return pb.RankedUser(user_id=user_id, score=score, rank=place, place=place)


def snapshot(
    *users: pb.RankedUser,
    revision: int = 1,
    epoch: str = "e",
    order: pb.Order = pb.ORDER_HIGHEST_FIRST,
) -> pb.WatchContestResponse:
    """Make a snapshot message."""
    rules = pb.ContestRules(order=order)
    return pb.WatchContestResponse(
        position=pb.Position(epoch=epoch, revision=revision),
        snapshot=pb.Snapshot(users=users, total_users=len(users), rules=rules),
    )


def changes(
    *users: pb.RankedUser,
    after: int,
    revision: int,
    epoch: str = "e",
    removed: Iterable[str] = (),
    total: int = 0,
) -> pb.WatchContestResponse:
    """Make a message of changes that remove rows and then lead to others, one after the other."""
    gone = [pb.ScoreChange(user=pb.RankedUser(user_id=each), removed=True) for each in removed]
    return pb.WatchContestResponse(
        position=pb.Position(epoch=epoch, revision=revision),
        previous_revision=after,
        changes=pb.Changes(
            changes=[*gone, *(pb.ScoreChange(user=changed) for changed in users)],
            total_users=total,
        ),
    )


def ranking(board: LiveBoard) -> list[tuple[int, str, int]]:
    """Return rank, user and score of each row."""
    return [(row.rank, row.user_id, row.score) for row in board.rows]


def test_all_keeps_only_rows_that_are_certain() -> None:
    """With the scope ALL only the rows above a user that falls out stay known."""
    board = LiveBoard(scope=pb.WATCH_SCOPE_ALL, limit=3)
    board.apply(snapshot(user("a", 9, 1), user("b", 8, 2), user("c", 7, 3)))

    board.apply(changes(user("b", 1, 5), after=1, revision=2))
    assert ranking(board) == [(1, "a", 9), (2, "c", 7)]

    board.apply(changes(user("x", 2, 4), after=2, revision=3))
    assert ranking(board) == [(1, "a", 9), (2, "c", 7)]

    board.apply(changes(user("b", 10, 1), after=3, revision=4))
    assert ranking(board) == [(1, "b", 10), (2, "a", 9), (3, "c", 7)]


def test_users_keep_the_ranks_of_their_own_changes() -> None:
    """With the scope USERS each row has the place and rank of its own last change."""
    board = LiveBoard(scope=pb.WATCH_SCOPE_USERS)
    board.apply(snapshot(user("a", 9, 4), user("b", 3, 70)))

    board.apply(changes(user("b", 12, 2), after=1, revision=8))
    board.apply(changes(user("new", 1, 99), after=8, revision=9))

    assert ranking(board) == [(2, "b", 12), (4, "a", 9), (99, "new", 1)]


@pytest.mark.parametrize(
    ("order", "sign"), [(pb.ORDER_HIGHEST_FIRST, 1), (pb.ORDER_LOWEST_FIRST, -1)]
)
def test_of_users_the_better_score_is_first(order: pb.Order, sign: int) -> None:
    """With the scope USERS a better score is above a worse one, whose place is of earlier times."""
    board = LiveBoard(scope=pb.WATCH_SCOPE_USERS)
    board.apply(snapshot(user("b", 40 * sign, 10), user("a", 30 * sign, 11), order=order))

    # Since then 20 users, which are not watched, have passed both.
    board.apply(changes(user("a", 50 * sign, 30), after=1, revision=22))

    assert ranking(board) == [(30, "a", 50 * sign), (10, "b", 40 * sign)]


def test_of_equal_scores_at_one_place_the_latest_is_first() -> None:
    """With the scope USERS a user that takes the place of another one is before it."""
    board = LiveBoard(scope=pb.WATCH_SCOPE_USERS)
    board.apply(snapshot(user("a", 9, 1), user("b", 3, 2)))

    board.apply(changes(user("b", 9, 1), after=1, revision=2))

    assert ranking(board) == [(1, "b", 9), (1, "a", 9)]


def test_a_snapshot_replaces_everything() -> None:
    """A snapshot at any time, of any history, is the whole state."""
    board = LiveBoard()
    board.apply(snapshot(user("a", 9, 1), revision=40))

    board.apply(snapshot(user("b", 1, 1), revision=2, epoch="later"))

    assert board.rows == (RankedUser(1, "b", 1, "", 1),)
    assert board.position == pb.Position(epoch="later", revision=2)


def test_progress_moves_the_position_alone() -> None:
    """Progress moves the position and changes no row."""
    board = LiveBoard()
    board.apply(snapshot(user("a", 9, 1), revision=4))

    board.apply(
        pb.WatchContestResponse(
            position=pb.Position(epoch="e", revision=7),
            previous_revision=4,
            progress=pb.Progress(),
        )
    )

    assert ranking(board) == [(1, "a", 9)]
    assert board.position == pb.Position(epoch="e", revision=7)


def quiet(after: int, revision: int) -> pb.WatchContestResponse:
    """Make a message of progress."""
    message = changes(after=after, revision=revision)
    message.progress.SetInParent()
    return message


@pytest.mark.parametrize(
    ("scope", "due"),
    [(pb.WATCH_SCOPE_TOP, None), (pb.WATCH_SCOPE_ALL, 5), (pb.WATCH_SCOPE_USERS, None)],
)
def test_changes_have_the_number_of_users(scope: pb.WatchScope, due: int | None) -> None:
    """The number is that of the last changes; later progress keeps it if it had no others."""
    board = LiveBoard(scope=scope, limit=2)
    board.apply(snapshot(user("a", 9, 1), user("b", 8, 2), revision=1))
    assert board.total_users == 2

    board.apply(changes(user("b", 10, 1), after=1, revision=4, total=5))
    assert board.total_users == 5

    board.apply(quiet(4, 4))
    assert board.total_users == 5

    board.apply(quiet(4, 6))
    assert board.total_users == due


def test_the_number_of_users_is_known_while_they_are_few() -> None:
    """With the scope TOP a board that has fewer rows than the limit has all users."""
    board = LiveBoard(limit=3)
    board.apply(snapshot(user("a", 9, 1), user("b", 8, 2), revision=1))

    board.apply(quiet(1, 2))

    assert board.total_users == 2


@pytest.mark.parametrize("scope", [pb.WATCH_SCOPE_TOP, pb.WATCH_SCOPE_ALL])
def test_rows_below_a_removed_one_move_up(scope: pb.WatchScope) -> None:
    """A removed row leaves the board, and those below have other places without being sent."""
    board = LiveBoard(scope=scope, limit=3)
    board.apply(snapshot(user("a", 9, 1), user("b", 8, 2), user("c", 7, 3)))

    board.apply(changes(after=1, revision=2, removed=["a"], total=2))

    assert ranking(board) == [(1, "b", 8), (2, "c", 7)]
    assert board.total_users == 2


def test_a_row_moves_up_from_below_the_limit() -> None:
    """With the scope TOP the row that fills the board again comes with the removal."""
    board = LiveBoard(limit=2)
    board.apply(snapshot(user("a", 9, 1), user("b", 8, 2)))

    board.apply(changes(user("c", 7, 2), after=1, revision=2, removed=["a"], total=2))

    assert ranking(board) == [(1, "b", 8), (2, "c", 7)]


def test_a_removed_user_returns_within_a_message() -> None:
    """A user that was removed and begins again has its new row alone."""
    board = LiveBoard()
    board.apply(snapshot(user("a", 9, 1), user("b", 8, 2)))

    board.apply(changes(user("a", 1, 2), after=1, revision=3, removed=["a"], total=2))

    assert ranking(board) == [(1, "b", 8), (2, "a", 1)]


def test_a_watched_user_is_removed() -> None:
    """With the scope USERS a removed user has no row, and the others keep their places."""
    board = LiveBoard(scope=pb.WATCH_SCOPE_USERS)
    board.apply(snapshot(user("a", 9, 4), user("b", 3, 70)))

    board.apply(changes(after=1, revision=2, removed=["a"], total=98))

    assert ranking(board) == [(70, "b", 3)]
    assert board.total_users == 98


def test_a_removed_user_without_a_row_is_ignored() -> None:
    """The removal of a user that the board does not hold changes no row."""
    board = LiveBoard()
    board.apply(snapshot(user("a", 9, 1)))

    board.apply(changes(after=1, revision=2, removed=["x"], total=1))

    assert ranking(board) == [(1, "a", 9)]


def test_a_resumed_stream_goes_on() -> None:
    """A second stream that resumes after the board's position needs no snapshot."""
    board = LiveBoard()
    board.apply(snapshot(user("a", 9, 1), revision=4))
    assert board.position is not None

    board.apply(changes(user("b", 10, 1), after=board.position.revision, revision=6))

    assert ranking(board) == [(1, "b", 10), (2, "a", 9)]


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(changes(user("b", 2, 1), after=3, revision=5), id="a revision is missing"),
        pytest.param(changes(user("b", 2, 1), after=5, revision=6), id="a repeat"),
        pytest.param(
            changes(user("b", 2, 1), after=4, revision=5, epoch="x"), id="of another history"
        ),
        pytest.param(changes(user("b", 2, 1), after=4, revision=3), id="it goes backwards"),
        pytest.param(
            changes(user("b", 2, 1), user("c", 1, 4), after=4, revision=5), id="a row is missing"
        ),
        pytest.param(changes(user("b", 2, 0), after=4, revision=5), id="there is no place"),
    ],
)
def test_a_gap_is_refused(message: pb.WatchContestResponse) -> None:
    """A message that does not continue the board's position raises and changes nothing."""
    board = LiveBoard()
    board.apply(snapshot(user("a", 9, 1), revision=4))

    with pytest.raises(MissedChangesError):
        board.apply(message)

    assert ranking(board) == [(1, "a", 9)]
    assert board.position == pb.Position(epoch="e", revision=4)


def test_changes_without_a_beginning_are_refused() -> None:
    """A stream that begins with changes, without a resume, raises."""
    with pytest.raises(MissedChangesError):
        LiveBoard().apply(changes(user("b", 2, 1), after=0, revision=1))

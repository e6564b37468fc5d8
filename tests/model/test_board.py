"""Tests of the model itself: it keeps the promises of the contract."""

import pytest

from model.board import Service
from model.calls import code, give
from model.records import (
    Mode,
    Position,
    Rank,
    RankedUser,
    Result,
    Top,
    Update,
)
from model.rejections import MAX_SCORE


@pytest.fixture(name="service")
def _service() -> Service:
    return Service()


def order(service: Service) -> list[tuple[str, int]]:
    """Return user and score of the whole board, best first."""
    top = service.top("chess", limit=1000)
    assert isinstance(top, Top)
    return [(user.user_id, user.score) for user in top.users]


def test_unknown_contest_is_an_empty_board(service: Service) -> None:
    """A contest without updates has no users and the position before the first."""
    expected = Top(users=(), total_users=0, position=Position(0, 0))

    assert expected == service.top("chess")


def test_first_write_creates_the_user_also_with_no_points(service: Service) -> None:
    """A new user with 0 points is an applied change with the first revision."""
    expected = Result(
        user=RankedUser("ada", 0, 1, "Ada", 1),
        previous_score=0,
        previous_rank=0,
        previous_place=0,
        applied=True,
        replayed=False,
        position=Position(1, 1),
    )

    assert expected == give(service, "ada", display_name="Ada")


@pytest.mark.parametrize(
    ("mode", "scores"),
    [
        (Mode.UNSPECIFIED, [-3, 1, 0]),
        (Mode.INCREMENT, [-3, 1, 0]),
        (Mode.SET, [-3, 4, -1]),
        (Mode.BEST, [-3, 4, 4]),
    ],
)
def test_mode_decides_what_the_points_do(service: Service, mode: Mode, scores: list[int]) -> None:
    """The mode adds points, sets the score, or keeps the better one; a new user gets the points."""
    assert scores == [give(service, "ada", points, mode).user.score for points in (-3, 4, -1)]


def test_equal_scores_rank_by_who_reached_them_first(service: Service) -> None:
    """A user that reaches or returns to a score ranks below all users that have it."""
    give(service, "ada", 5)
    give(service, "bob", 5)
    give(service, "ada", -1)
    give(service, "ada", 1)

    assert order(service) == [("bob", 5), ("ada", 5)]


def test_write_that_changes_nothing_moves_nobody(service: Service) -> None:
    """An update without an effect takes no revision and keeps the order of equal scores."""
    give(service, "ada", 5)
    give(service, "bob", 5)

    again = give(service, "ada", 5, Mode.SET)

    assert (False, 1, 1, Position(1, 2)) == (
        again.applied,
        again.user.rank,
        again.previous_rank,
        again.position,
    )


def test_new_name_is_a_change_that_moves_nobody(service: Service) -> None:
    """A new display name takes a revision and keeps the rank; an empty one keeps the name."""
    give(service, "ada", 5)
    give(service, "bob", 5)

    named = give(service, "ada", display_name="Ada L.")
    later = give(service, "ada", 5)

    assert (True, 1, Position(1, 3)) == (named.applied, named.user.rank, named.position)
    assert later.user.display_name == "Ada L."


def test_repeated_request_gets_the_first_answer(service: Service) -> None:
    """A repeat gets the first answer, is marked as replayed, and is not counted."""
    first = give(service, "ada", 5, request_id="one")
    give(service, "bob", 9)

    repeat = give(service, "ada", 5, request_id="one")

    assert (first.user, first.position, first.applied) == (
        repeat.user,
        repeat.position,
        repeat.applied,
    )
    assert repeat.replayed
    assert order(service) == [("bob", 9), ("ada", 5)]


def test_request_id_stands_for_one_payload_in_one_contest(service: Service) -> None:
    """Another payload is rejected without an effect; another contest has its own request ids."""
    give(service, "ada", 5, request_id="one")
    other = Update(contest_id="chess", user_id="ada", points=6, request_id="one")
    elsewhere = Update(contest_id="go", user_id="ada", points=6, request_id="one")

    codes = [code(service.update(other)), code(service.update(elsewhere))]

    assert codes == ["ALREADY_EXISTS", "OK"]
    assert order(service) == [("ada", 5)]


def test_rejected_update_is_not_remembered(service: Service) -> None:
    """The request id of an update that was rejected for its score can be used again."""
    give(service, "ada", MAX_SCORE)
    beyond = Update(contest_id="chess", user_id="ada", points=1, request_id="one")

    assert code(service.update(beyond)) == "OUT_OF_RANGE"
    assert give(service, "ada", -1, request_id="one").user.score == MAX_SCORE - 1


@pytest.mark.parametrize("points", [MAX_SCORE + 1, -MAX_SCORE - 1])
@pytest.mark.parametrize("mode", Mode)
def test_points_beyond_the_bounds_are_rejected(service: Service, points: int, mode: Mode) -> None:
    """Points beyond the bounds are rejected in every mode, and no contest begins."""
    update = Update(contest_id="chess", user_id="ada", points=points, mode=mode)

    assert code(service.update(update)) == "OUT_OF_RANGE"
    assert Position(0, 0) == service.position("chess")


def test_batch_is_its_updates_one_after_the_other(service: Service) -> None:
    """Each answer has its own revision, also a repeat; a rejection does not affect the others."""
    update = Update(contest_id="chess", user_id="ada", points=1, request_id="one")
    beyond = Update(contest_id="chess", user_id="ada", points=MAX_SCORE)
    bob = Update(contest_id="chess", user_id="bob", points=2)

    first, repeat, rejection, last = service.batch([update, update, beyond, bob])

    assert isinstance(first, Result)
    assert isinstance(repeat, Result)
    assert isinstance(last, Result)
    assert (first.user.rank, repeat.user.rank, last.user.rank) == (1, 1, 1)
    assert tuple(answer.position.revision for answer in (first, repeat, last)) == (1, 1, 2)
    assert code(rejection) == "OUT_OF_RANGE"


def test_rank_has_the_neighbors_and_the_share_below(service: Service) -> None:
    """Neighbors are on both sides, fewer at the ends; the percentile excludes the user."""
    for points, user_id in enumerate(["eve", "dan", "cid", "bob", "ada"]):
        give(service, user_id, points)

    rank = service.rank("chess", "bob", neighbors=2)

    assert isinstance(rank, Rank)
    assert [user.user_id for user in rank.neighbors] == ["ada", "cid", "dan"]
    assert (rank.user.rank, rank.total_users, rank.percentile) == (2, 5, 75.0)


def test_single_user_is_above_all_others(service: Service) -> None:
    """Without other users the percentile is 100; a user without a score has no rank."""
    give(service, "ada", -1)

    rank = service.rank("chess", "ada")

    assert isinstance(rank, Rank)
    assert rank.percentile == 100.0
    assert code(service.rank("chess", "bob")) == "NOT_FOUND"


def test_past_boards_can_be_read(service: Service) -> None:
    """The board of a revision does not change later."""
    give(service, "ada", 1)
    then = service.top("chess")
    give(service, "bob", 2)

    assert then == service.top("chess", at=Position(1, 1))
    assert then != service.top("chess")


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Position(0, 0), "OK"),
        (Position(1, 1), "OK"),
        (Position(1, 2), "FAILED_PRECONDITION"),
        (Position(2, 1), "FAILED_PRECONDITION"),
    ],
)
def test_position_is_reached_in_its_own_history_only(
    service: Service, wanted: Position, expected: str
) -> None:
    """Every read rejects a later position and one of another epoch."""
    give(service, "ada", 1)

    assert expected == code(service.top("chess", min_position=wanted))
    assert expected == code(service.rank("chess", "ada", min_position=wanted))

"""The ranks of several users, and the rank of a score."""

from typing import Any

import pytest

from contract.edge import ON_ONE_STORE, Edge
from contract.rejections import invalid
from harness.calls import add
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [pytest.mark.asyncio(loop_scope="session"), ON_ONE_STORE]

_MANY = [f"user-{number}" for number in range(1_001)]


async def _fill(edge: Edge, contest_id: str, users: int) -> pb.Position:
    """Give users 1, 2, ... the scores -1, -2, ..., and return the position."""
    position = pb.Position()
    for number in range(1, users + 1):
        position = (await add(edge.stub, contest_id, f"user-{number}", -number)).position
    return position


async def test_users_are_best_first_and_missing_ones_in_the_order_of_the_request(
    edge: Edge, contest_id: str
) -> None:
    """One response has the rows of those with a score, the ids of the others, and the position."""
    position = await _fill(edge, contest_id, 5)
    user_ids = ["z", "user-4", "nobody", "user-2", "-1"]

    found: Any = await edge.answer(
        "BatchGetUserRanks", pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=user_ids)
    )

    assert [(u.user_id, u.score, u.rank, u.place) for u in found.users] == [
        ("user-2", -2, 2, 2),
        ("user-4", -4, 4, 4),
    ]
    assert found.missing_user_ids == ["z", "nobody", "-1"]
    assert (found.total_users, found.position) == (5, position)


@pytest.mark.parametrize("count", [1, 1_000])
async def test_no_user_with_a_score_is_no_error(edge: Edge, contest_id: str, count: int) -> None:
    """1 and 1,000 users are accepted, also where the contest is unknown."""
    request = pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=_MANY[:count])

    found: Any = await edge.answer("BatchGetUserRanks", request)

    assert (len(found.users), found.missing_user_ids) == (0, _MANY[:count])
    assert (found.total_users, found.position) == (0, pb.Position())


@pytest.mark.parametrize(
    ("user_ids", "fields"),
    [
        pytest.param([], ["user_ids"], id="none"),
        pytest.param(_MANY, ["user_ids"], id="1,001"),
        pytest.param(["ada", "bob", "ada"], ["user_ids"], id="one twice"),
        pytest.param(["ada", "a b", ""], ["user_ids[1]", "user_ids[2]"], id="two malformed"),
    ],
)
async def test_invalid_users(
    edge: Edge, contest_id: str, user_ids: list[str], fields: list[str]
) -> None:
    """The status names the list, or the invalid entries."""
    request = pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=user_ids)

    assert await edge.rejection("BatchGetUserRanks", request) == invalid(*fields)


@pytest.mark.parametrize(
    ("score", "place", "rows"),
    [
        pytest.param(0, 1, [1, 2, 3], id="above all"),
        pytest.param(-1, 2, [1, 2, 3], id="as the first"),
        pytest.param(-4, 5, [3, 4, 5], id="as one in the middle"),
        pytest.param(-10, 11, [8, 9, 10], id="as the last"),
        pytest.param(-11, 11, [8, 9, 10], id="below all"),
    ],
)
async def test_the_rank_of_a_score(
    edge: Edge, contest_id: str, score: int, place: int, rows: list[int]
) -> None:
    """A new user comes after those with an equal score; the rows are around the first of these."""
    position = await _fill(edge, contest_id, 10)

    found: Any = await edge.answer(
        "GetScoreRank", pb.GetScoreRankRequest(contest_id=contest_id, score=score, around=3)
    )

    assert (found.rank, found.place, found.total_users) == (place, place, 10)
    assert [user.place for user in found.around] == rows
    assert found.position == position


async def test_the_rank_of_a_score_in_an_unknown_contest(edge: Edge, contest_id: str) -> None:
    """It is an empty board: the rank is 1, and there are no rows."""
    found: Any = await edge.answer(
        "GetScoreRank", pb.GetScoreRankRequest(contest_id=contest_id, around=201)
    )

    assert found == pb.GetScoreRankResponse(rank=1, place=1, position=pb.Position())


@pytest.mark.parametrize(
    ("place", "around", "rows"),
    [
        pytest.param(5, 1, range(5, 6), id="the user alone"),
        pytest.param(5, 3, range(4, 7), id="three"),
        pytest.param(5, 4, range(4, 8), id="four: one more below"),
        pytest.param(1, 4, range(1, 5), id="at the top"),
        pytest.param(10, 4, range(7, 11), id="at the bottom"),
        pytest.param(9, 5, range(6, 11), id="near the bottom"),
        pytest.param(5, 201, range(1, 11), id="more than there are"),
    ],
)
async def test_rows_around_a_user(
    edge: Edge, contest_id: str, place: int, around: int, rows: range
) -> None:
    """They include the user, and at the ends of the board there are as many; neighbors stay."""
    await _fill(edge, contest_id, 10)
    request = pb.GetUserRankRequest(
        contest_id=contest_id, user_id=f"user-{place}", neighbors=1, around=around
    )

    found: Any = await edge.answer("GetUserRank", request)

    assert [user.place for user in found.around] == list(rows)
    neighbors = [each for each in (place - 1, place + 1) if 1 <= each <= 10]
    assert [user.place for user in found.neighbors] == neighbors

"""Reads: defaults, bounds, ends of the board, and contests that don't exist."""

import pytest

from contract.edge import Edge
from contract.rejections import user_not_found
from contract.values import MAX_INT32
from harness.calls import DEADLINE_S, add
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _fill(edge: Edge, contest_id: str, users: int) -> pb.Position:
    """Write users `user-1` to `user-<users>`, with these ranks."""
    updates = [
        pb.UpdateScoreRequest(contest_id=contest_id, user_id=f"user-{rank}", points=-rank)
        for rank in range(1, users + 1)
    ]
    position = pb.Position()
    for first in range(0, users, 1_000):
        batch = pb.BatchUpdateScoresRequest(updates=updates[first : first + 1_000])
        last = (await edge.batch(batch))[-1]
        assert isinstance(last, pb.UpdateScoreResponse)
        position = last.position
    return position


async def _ranks(edge: Edge, request: pb.GetTopUsersRequest) -> list[int]:
    answer = await edge.stub.GetTopUsers(request, timeout=DEADLINE_S)
    assert [user.user_id for user in answer.users] == [f"user-{user.rank}" for user in answer.users]
    assert [user.score for user in answer.users] == [-user.rank for user in answer.users]
    return [user.rank for user in answer.users]


@pytest.mark.parametrize(
    ("limit", "start_rank", "ranks"),
    [
        pytest.param(0, 0, range(1, 11), id="defaults"),
        pytest.param(0, 1, range(1, 11), id="the default limit from the first rank"),
        pytest.param(1, 0, range(1, 2), id="one"),
        pytest.param(5, 3, range(3, 8), id="a part"),
        pytest.param(10, 8, range(8, 13), id="up to the end"),
        pytest.param(1, 12, range(12, 13), id="the last"),
        pytest.param(1_000, 1, range(1, 13), id="all"),
        pytest.param(10, 13, (), id="behind the last"),
        pytest.param(1_000, MAX_INT32, (), id="far behind the last"),
    ],
)
async def test_the_requested_ranks(
    edge: Edge, contest_id: str, limit: int, start_rank: int, ranks: range
) -> None:
    """The requested ranks are returned in order; past the end there are fewer or none."""
    position = await _fill(edge, contest_id, 12)
    request = pb.GetTopUsersRequest(contest_id=contest_id, limit=limit, start_rank=start_rank)

    assert await _ranks(edge, request) == list(ranks)
    answer = await edge.stub.GetTopUsers(request, timeout=DEADLINE_S)
    assert (answer.total_users, answer.position) == (12, position)


async def test_ranks_on_both_sides_of_the_thousandth(edge: Edge, contest_id: str) -> None:
    """Ranks from the top window and ranks from the store have the same form."""
    await _fill(edge, contest_id, 1_205)

    for limit, start_rank in ((1_000, 1), (10, 995), (1_000, 2), (1_000, 1_001), (10, 1_200)):
        request = pb.GetTopUsersRequest(contest_id=contest_id, limit=limit, start_rank=start_rank)
        expected = range(start_rank, min(start_rank + limit, 1_206))
        assert await _ranks(edge, request) == list(expected)


async def test_an_unknown_contest_is_an_empty_board(edge: Edge, contest_id: str) -> None:
    """An unknown contest has no users and no epoch, and a read does not create it."""
    before = await edge.writes()

    for start_rank in (1, 5_000):
        request = pb.GetTopUsersRequest(contest_id=contest_id, start_rank=start_rank)
        answer = await edge.stub.GetTopUsers(request, timeout=DEADLINE_S)
        assert answer == pb.GetTopUsersResponse(position=pb.Position(epoch="", revision=0))
        assert answer.HasField("position")

    assert await edge.writes() == before


@pytest.mark.parametrize("written", [False, True], ids=["unknown contest", "known contest"])
async def test_an_absent_user_is_not_found(edge: Edge, contest_id: str, *, written: bool) -> None:
    """The details name the contest and the user."""
    if written:
        await add(edge.stub, contest_id, "ada", 5)

    rejection = await edge.rejection(
        "GetUserRank", pb.GetUserRankRequest(contest_id=contest_id, user_id="bob")
    )

    assert rejection == user_not_found(contest_id, "bob")


async def test_a_user_with_0_points_is_there(edge: Edge, contest_id: str) -> None:
    """The first write creates the contest and the user, even with 0 points."""
    answer = await add(edge.stub, contest_id, "ada", 0)

    assert answer.applied
    assert (answer.user.rank, answer.position.revision) == (1, 1)
    assert await edge.board(contest_id) == [("ada", 0)]


@pytest.mark.parametrize(
    ("rank", "neighbors", "around"),
    [
        pytest.param(5, 0, (), id="none"),
        pytest.param(5, 1, (4, 6), id="one on each side"),
        pytest.param(5, 3, (2, 3, 4, 6, 7, 8), id="three on each side"),
        pytest.param(1, 2, (2, 3), id="at the top"),
        pytest.param(2, 2, (1, 3, 4), id="near the top"),
        pytest.param(10, 2, (8, 9), id="at the bottom"),
        pytest.param(9, 2, (7, 8, 10), id="near the bottom"),
        pytest.param(5, 100, (1, 2, 3, 4, 6, 7, 8, 9, 10), id="all"),
    ],
)
async def test_neighbors(
    edge: Edge, contest_id: str, rank: int, neighbors: int, around: tuple[int, ...]
) -> None:
    """Each side has up to the requested number of neighbors, fewer at the ends of the board."""
    position = await _fill(edge, contest_id, 10)

    answer = await edge.stub.GetUserRank(
        pb.GetUserRankRequest(contest_id=contest_id, user_id=f"user-{rank}", neighbors=neighbors),
        timeout=DEADLINE_S,
    )

    assert answer.user == pb.RankedUser(user_id=f"user-{rank}", score=-rank, rank=rank, place=rank)
    assert [(user.user_id, user.score, user.rank) for user in answer.neighbors] == [
        (f"user-{other}", -other, other) for other in around
    ]
    assert (answer.total_users, answer.position) == (10, position)


@pytest.mark.parametrize(
    ("users", "rank", "percentile"),
    [(1, 1, 100), (2, 1, 100), (2, 2, 0), (3, 2, 50), (4, 2, 200 / 3), (5, 4, 25), (11, 2, 90)],
)
async def test_percentile(
    edge: Edge, contest_id: str, users: int, rank: int, percentile: float
) -> None:
    """The percentile is the share of the other users ranked below; a single user has 100."""
    await _fill(edge, contest_id, users)

    answer = await edge.stub.GetUserRank(
        pb.GetUserRankRequest(contest_id=contest_id, user_id=f"user-{rank}"), timeout=DEADLINE_S
    )

    assert answer.percentile == pytest.approx(percentile)

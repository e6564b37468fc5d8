"""Points and scores are exact from -2^53 to 2^53; values beyond are rejected."""

import pytest

from contract.edge import Edge
from contract.rejections import MAX_SCORE, Rejection, out_of_range
from contract.values import MAX_INT64, MIN_INT64
from harness.calls import DEADLINE_S, add
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.asyncio(loop_scope="session")

_MODES = [pb.UPDATE_MODE_INCREMENT, pb.UPDATE_MODE_SET, pb.UPDATE_MODE_BEST]


def _update(
    contest_id: str, points: int, mode: pb.UpdateMode = pb.UPDATE_MODE_INCREMENT
) -> pb.UpdateScoreRequest:
    return pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", points=points, mode=mode)


@pytest.mark.parametrize("mode", _MODES, ids=pb.UpdateMode.Name)
@pytest.mark.parametrize(
    "points",
    [MAX_SCORE + 1, MAX_SCORE + 2, 2**62, MAX_INT64, -MAX_SCORE - 1, -(2**62), MIN_INT64],
)
async def test_points_beyond_the_bounds_are_rejected(
    edge: Edge, contest_id: str, mode: pb.UpdateMode, points: int
) -> None:
    """Points beyond the bounds are rejected in every mode, even without an effect."""
    await add(edge.stub, contest_id, "ada", 5)

    rejection = await edge.rejection("UpdateScore", _update(contest_id, points, mode))

    assert rejection == out_of_range(contest_id, "ada")
    assert await edge.board(contest_id) == [("ada", 5)]


@pytest.mark.parametrize("mode", _MODES, ids=pb.UpdateMode.Name)
@pytest.mark.parametrize("points", [MAX_SCORE, MAX_SCORE - 1, 0, 1 - MAX_SCORE, -MAX_SCORE])
async def test_points_up_to_the_bounds_are_accepted(
    edge: Edge, contest_id: str, mode: pb.UpdateMode, points: int
) -> None:
    """The first points of a user are exactly the score, in every mode."""
    answer = await edge.stub.UpdateScore(_update(contest_id, points, mode), timeout=DEADLINE_S)

    assert answer.applied
    assert answer.user == pb.RankedUser(user_id="ada", score=points, rank=1, place=1)
    assert await edge.board(contest_id) == [("ada", points)]


@pytest.mark.parametrize(
    ("score", "points"),
    [
        pytest.param(MAX_SCORE, 1, id="one too many, which a double would round away"),
        pytest.param(MAX_SCORE, 2, id="two too many"),
        pytest.param(MAX_SCORE, MAX_SCORE, id="twice the bound"),
        pytest.param(MAX_SCORE - 1, 2, id="over the bound from right below it"),
        pytest.param(1, MAX_SCORE, id="over the bound from near zero"),
        pytest.param(2**52 + 1, 2**52, id="two halves and one"),
        pytest.param(-MAX_SCORE, -1, id="one too few, which a double would round away"),
        pytest.param(-MAX_SCORE, -MAX_SCORE, id="twice the lower bound"),
        pytest.param(1 - MAX_SCORE, -2, id="under the bound from right above it"),
        pytest.param(-1, -MAX_SCORE, id="under the bound from near zero"),
    ],
)
async def test_a_sum_beyond_the_bounds_is_rejected(
    edge: Edge, contest_id: str, score: int, points: int
) -> None:
    """Score, position and board do not change."""
    first = await add(edge.stub, contest_id, "ada", score)

    rejection = await edge.rejection("UpdateScore", _update(contest_id, points))

    assert rejection == out_of_range(contest_id, "ada")
    standing = await edge.stub.GetUserRank(
        pb.GetUserRankRequest(contest_id=contest_id, user_id="ada"), timeout=DEADLINE_S
    )
    assert standing.user == pb.RankedUser(user_id="ada", score=score, rank=1, place=1)
    assert standing.position == first.position
    assert standing.total_users == 1


@pytest.mark.parametrize(
    ("score", "points"),
    [
        pytest.param(MAX_SCORE - 1, 1, id="up to the bound"),
        pytest.param(MAX_SCORE, -1, id="back from the bound"),
        pytest.param(MAX_SCORE, -MAX_SCORE, id="from the bound to zero"),
        pytest.param(MAX_SCORE, 0, id="nothing at the bound"),
        pytest.param(2**52, 2**52, id="two halves"),
        pytest.param(-1, MAX_SCORE, id="the whole bound from below zero"),
        pytest.param(1 - MAX_SCORE, -1, id="down to the lower bound"),
        pytest.param(-MAX_SCORE, 1, id="back from the lower bound"),
        pytest.param(-MAX_SCORE, MAX_SCORE, id="from the lower bound to zero"),
    ],
)
async def test_a_sum_to_the_bounds_is_exact(
    edge: Edge, contest_id: str, score: int, points: int
) -> None:
    """Scores near the bounds are exact integers."""
    await add(edge.stub, contest_id, "ada", score)

    answer = await add(edge.stub, contest_id, "ada", points)

    assert (answer.previous_score, answer.user.score) == (score, score + points)
    assert await edge.board(contest_id) == [("ada", score + points)]


async def test_neighbouring_scores_at_the_bound_differ(edge: Edge, contest_id: str) -> None:
    """Scores at the bound that differ by 1 have different ranks."""
    for user_id, score in (("b", MAX_SCORE - 1), ("c", MAX_SCORE - 2), ("a", MAX_SCORE)):
        await add(edge.stub, contest_id, user_id, score)

    expected = [("a", MAX_SCORE), ("b", MAX_SCORE - 1), ("c", MAX_SCORE - 2)]
    assert await edge.board(contest_id) == expected


async def test_the_widest_change_is_exact(edge: Edge, contest_id: str) -> None:
    """A watcher gets the exact change of 2^54, the largest one."""
    await add(edge.stub, contest_id, "ada", -MAX_SCORE)
    watch = edge.stub.WatchContest(
        pb.WatchContestRequest(contest_id=contest_id, scope=pb.WATCH_SCOPE_ALL), timeout=DEADLINE_S
    )
    await watch.read()

    await edge.answer("UpdateScore", _update(contest_id, MAX_SCORE, pb.UPDATE_MODE_SET))

    message = await watch.read()
    watch.cancel()
    (change,) = message.changes.changes
    assert (change.user.score, change.points) == (MAX_SCORE, 2 * MAX_SCORE)


async def test_a_batch_checks_each_sum_after_the_one_before(edge: Edge, contest_id: str) -> None:
    """A rejected update in a batch has no effect on those after it."""
    batch = pb.BatchUpdateScoresRequest(
        updates=[_update(contest_id, points) for points in (MAX_SCORE, 1, -1, 2, 1)]
    )

    outcomes = await edge.batch(batch)

    rejected = out_of_range(contest_id, "ada")
    assert [
        outcome if isinstance(outcome, Rejection) else outcome.user.score for outcome in outcomes
    ] == [MAX_SCORE, rejected, MAX_SCORE - 1, rejected, MAX_SCORE]


async def test_a_rejected_write_does_not_use_up_its_request_id(edge: Edge, contest_id: str) -> None:
    """The same id can be used for a corrected write."""
    await add(edge.stub, contest_id, "ada", MAX_SCORE)
    request = _update(contest_id, 1)
    request.request_id = "write-1"
    assert await edge.rejection("UpdateScore", request) == out_of_range(contest_id, "ada")

    answer = await add(edge.stub, contest_id, "ada", -1, "write-1")

    assert answer.applied
    assert not answer.replayed

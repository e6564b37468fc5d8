"""Calls to a service whose store takes no writes, with checks of their outcomes."""

from functools import partial

import grpc
import pytest

from harness.calls import DEADLINE_S, scores
from harness.refusals import FULL, Refusal
from harness.statuses import status_of
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub


def refused_writes() -> list[pb.UpdateScoreRequest]:
    """Return updates of a known and of a new user, of a new contest, and one with a request id."""
    update = pb.UpdateScoreRequest
    return [
        update(contest_id="cup", user_id="ada", points=5),
        update(contest_id="cup", user_id="new", points=5),
        update(contest_id="new", user_id="ada", points=5),
        update(contest_id="cup", user_id="ada", points=5, request_id="refused"),
    ]


async def assert_reads(stub: LeaderboardServiceStub, expected: dict[str, int]) -> None:
    """Check a board, one far down, the rank of each user, and the snapshot of a new watch."""
    assert await scores(stub, "cup") == expected
    low = pb.GetTopUsersRequest(contest_id="cup", start_rank=2_000)
    assert (await stub.GetTopUsers(low, timeout=DEADLINE_S)).total_users == len(expected)
    for user_id, score in expected.items():
        rank = pb.GetUserRankRequest(contest_id="cup", user_id=user_id, neighbors=1)
        assert (await stub.GetUserRank(rank, timeout=DEADLINE_S)).user.score == score
    call = stub.WatchContest(pb.WatchContestRequest(contest_id="cup"), timeout=DEADLINE_S)
    snapshot = (await call.read()).snapshot
    call.cancel()
    assert {user.user_id: user.score for user in snapshot.users} == expected


async def assert_refused(
    stub: LeaderboardServiceStub, request: pb.UpdateScoreRequest, refusal: Refusal
) -> None:
    """Check the status of a refused update, alone and in a batch."""
    batch = pb.BatchUpdateScoresRequest(updates=[request] * 3)
    for call in (
        stub.UpdateScore(request, timeout=DEADLINE_S),
        stub.BatchUpdateScores(batch, timeout=DEADLINE_S),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await call
        status = status_of(failed.value)
        if refusal is FULL:
            assert status.code is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert (status.reason, status.retry_after) == ("ERROR_REASON_STORE_FULL", 5)
        else:
            assert status.code is grpc.StatusCode.UNAVAILABLE
            assert (status.reason, status.retry_after) == ("ERROR_REASON_STORE_UNAVAILABLE", 1)
            assert status.metadata == {"cause": refusal.cause}


async def is_written(stub: LeaderboardServiceStub, number: int) -> bool:
    """Write to a known and to a new user; the same number counts once."""
    update = partial(pb.UpdateScoreRequest, contest_id="cup")
    updates = [
        update(user_id="ada", points=1, request_id=f"ada-{number}"),
        update(user_id=f"user-{number}", points=2, request_id=f"new-{number}"),
    ]
    try:
        batch = pb.BatchUpdateScoresRequest(updates=updates)
        response = await stub.BatchUpdateScores(batch, timeout=DEADLINE_S)
    except grpc.aio.AioRpcError:
        return False
    return all(result.WhichOneof("outcome") == "response" for result in response.results)

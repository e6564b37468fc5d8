"""Calls of the service, each a single attempt with a generous deadline."""

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

DEADLINE_S = 10.0
"""The deadline of calls that must succeed: generous, so that only a broken service exceeds it."""


async def top(
    stub: LeaderboardServiceStub,
    contest_id: str,
    *,
    min_position: pb.Position | None = None,
    limit: int = 1000,
    season: int = 0,
) -> pb.GetTopUsersResponse:
    """Read the first ranks of a contest; of a small board all of them."""
    request = pb.GetTopUsersRequest(
        contest_id=contest_id, limit=limit, min_position=min_position, season=season
    )
    answer: pb.GetTopUsersResponse = await stub.GetTopUsers(request, timeout=DEADLINE_S)
    return answer


async def scores(
    stub: LeaderboardServiceStub, contest_id: str, *, min_position: pb.Position | None = None
) -> dict[str, int]:
    """Read the score of every user of a contest."""
    answer = await top(stub, contest_id, min_position=min_position)
    return {user.user_id: user.score for user in answer.users}


async def add(
    stub: LeaderboardServiceStub, contest_id: str, user_id: str, points: int, request_id: str = ""
) -> pb.UpdateScoreResponse:
    """Add points with a single attempt."""
    request = pb.UpdateScoreRequest(
        contest_id=contest_id, user_id=user_id, points=points, request_id=request_id
    )
    answer: pb.UpdateScoreResponse = await stub.UpdateScore(request, timeout=DEADLINE_S)
    return answer

"""Makes each call of the services once, so that a server runs each command of its store."""

import grpc
from google.protobuf.field_mask_pb2 import FieldMask

from harness.calls import add
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2_grpc import ContestServiceStub
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub


async def use_scores(stub: LeaderboardServiceStub) -> None:
    """Make each call, with request ids, so that each kind of key is read and written."""
    await add(stub, "cup", "ada", 5, f"write-{id(stub)}")
    updates = [
        pb.UpdateScoreRequest(contest_id=contest, user_id="eve", points=1, display_name="Eve")
        for contest in ("cup", "other")
    ]
    await stub.BatchUpdateScores(pb.BatchUpdateScoresRequest(updates=updates), timeout=10)
    request = pb.GetUserRankRequest(contest_id="cup", user_id="ada", neighbors=2)
    assert (await stub.GetUserRank(request, timeout=10)).user.user_id == "ada"
    deep = pb.GetTopUsersRequest(contest_id="cup", start_rank=1_001, limit=10)
    await stub.GetTopUsers(deep, timeout=10)
    for user in ("", "ada"):
        scope = pb.WATCH_SCOPE_USERS if user else pb.WATCH_SCOPE_ALL
        watched = pb.WatchContestRequest(
            contest_id="cup", scope=scope, user_ids=[user] if user else []
        )
        call = stub.WatchContest(watched, timeout=10)
        await call.read()
        call.cancel()


async def use_contests(channel: grpc.aio.Channel) -> None:
    """Create, change and list contests, and end a season of one with a hidden user."""
    stub = ContestServiceStub(channel)
    contest = contests_pb2.Contest(contest_id="race", rules={"rank_style": pb.RANK_STYLE_DENSE})
    await stub.CreateContest(contests_pb2.CreateContestRequest(contest=contest), timeout=10)
    await add(LeaderboardServiceStub(channel), "race", "ada", 1)
    mask = FieldMask(paths=["display_name"])
    update = contests_pb2.UpdateContestRequest(contest=contest, update_mask=mask)
    await stub.UpdateContest(update, timeout=10)
    hide = contests_pb2.HideUsersRequest(contest_id="race", user_ids=["eve"])
    await stub.HideUsers(hide, timeout=10)
    reset = contests_pb2.ResetContestRequest(contest_id="race", season=1)
    await stub.ResetContest(reset, timeout=10)
    kept = pb.GetTopUsersRequest(contest_id="race", season=1)
    assert (await LeaderboardServiceStub(channel).GetTopUsers(kept, timeout=10)).total_users == 1
    listed = await stub.ListContests(contests_pb2.ListContestsRequest(), timeout=10)
    assert [each.contest_id for each in listed.contests] == ["cup", "other", "race"]

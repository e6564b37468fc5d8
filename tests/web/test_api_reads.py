"""JSON over HTTP: each path answers with what the call of the contract answers."""

import random
from typing import Any

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message

from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from web.boards import ABSENT, CLOSED, CONTESTS, CUP, HIDDEN, SCHEDULED, Web, updates

pytestmark = pytest.mark.asyncio(loop_scope="session")

SEASONS: list[dict[str, Any]] = [{}, {"season": 1}, {"season": 2}, {"season": -1}]


def read(document: Any, kind: type[Message]) -> Message:
    """Return the message that protobuf's library reads from JSON; it knows each field."""
    return json_format.ParseDict(document, kind())


@pytest.mark.parametrize("contest_id", [CUP, SCHEDULED, CLOSED, ABSENT])
@pytest.mark.parametrize(
    "query", [{}, {"limit": 1_000}, {"limit": 3, "start_rank": 500}, {"start_rank": 2_000}]
)
async def test_top(web: Web, contest_id: str, query: dict[str, Any]) -> None:
    """`/top` is GetTopUsers, for boards that are full, empty and absent."""
    answer = await web.service.stub.GetTopUsers(
        pb.GetTopUsersRequest(contest_id=contest_id, **query)
    )
    found = await web.json(f"/v1/contests/{contest_id}/top", **query)
    assert read(found, pb.GetTopUsersResponse) == answer


@pytest.mark.parametrize("season", SEASONS)
async def test_seasons_of_a_board(web: Web, season: dict[str, int]) -> None:
    """The season is that of the query, by its number or as the one before, in all reads."""
    stub, path = web.service.stub, f"/v1/contests/{CUP}"
    contest: dict[str, Any] = {"contest_id": CUP, **season}
    assert read(await web.json(f"{path}/top", **season), pb.GetTopUsersResponse) == (
        await stub.GetTopUsers(pb.GetTopUsersRequest(**contest))
    )
    found = await web.json(f"{path}/rank", user_id="user-7", around=5, **season)
    assert read(found, pb.GetUserRankResponse) == (
        await stub.GetUserRank(pb.GetUserRankRequest(user_id="user-7", around=5, **contest))
    )
    found = await web.json(f"{path}/users", id=["user-7", "no-one", HIDDEN], **season)
    users = ["user-7", "no-one", HIDDEN]
    assert read(found, pb.BatchGetUserRanksResponse) == (
        await stub.BatchGetUserRanks(pb.BatchGetUserRanksRequest(user_ids=users, **contest))
    )
    found = await web.json(f"{path}/scores", score=-(2**53), around=7, **season)
    assert read(found, pb.GetScoreRankResponse) == (
        await stub.GetScoreRank(pb.GetScoreRankRequest(score=-(2**53), around=7, **contest))
    )


async def test_ids_are_percent_encoded(web: Web) -> None:
    """An id with any character that the contract allows is read back from the query."""
    user_id = "#?&=%+/[]~'!"
    await web.service.stub.UpdateScore(
        pb.UpdateScoreRequest(contest_id="signs:a.b-c", user_id=user_id, points=1)
    )
    found = await web.json("/v1/contests/signs%3aa.b-c/rank", user_id=user_id)
    assert found["user"]["userId"] == user_id


async def test_shape_of_a_board(web: Web) -> None:
    """Numbers of 64 bits are text, and what is empty is there."""
    await web.service.stub.UpdateScore(
        pb.UpdateScoreRequest(contest_id="shape", user_id="ada", points=2**53)
    )
    found = await web.json("/v1/contests/shape/top")
    position = found.pop("position")
    assert position["revision"] == "1"
    assert found == {
        "users": [
            {
                "userId": "ada",
                "score": "9007199254740992",
                "rank": 1,
                "displayName": "",
                "place": 1,
                "attributes": {},
            }
        ],
        "totalUsers": 1,
    }


@pytest.mark.parametrize("seed", range(6))
async def test_random_boards(web: Web, seed: int) -> None:
    """The JSON of a random board with random rules is that of the call, in each read."""
    chosen, contest_id = random.Random(seed), f"random-{seed}"
    await web.service.contests.CreateContest(
        contests_pb2.CreateContestRequest(
            contest=contests_pb2.Contest(
                contest_id=contest_id,
                rules=pb.ContestRules(
                    order=chosen.choice(pb.Order.keys()),
                    tie_break=chosen.choice(pb.TieBreak.keys()),
                    rank_style=chosen.choice(pb.RankStyle.keys()),
                    min_score=chosen.choice([None, -(2**53)]),
                ),
                reset_schedule=contests_pb2.ResetSchedule(cron="0 0 * * MON"),
            )
        )
    )
    await web.service.stub.BatchUpdateScores(updates(contest_id, chosen.randrange(1, 200), seed))
    stub, path = web.service.stub, f"/v1/contests/{contest_id}"
    for _ in range(5):
        around, score = chosen.randrange(202), chosen.randrange(-99, 99)
        user_id = chosen.choice(["ada", "bo"])
        found = await web.json(f"{path}/scores", score=score, around=around)
        score_request = pb.GetScoreRankRequest(contest_id=contest_id, score=score, around=around)
        assert read(found, pb.GetScoreRankResponse) == await stub.GetScoreRank(score_request)
        limit, start = chosen.randrange(1_001), chosen.randrange(100)
        found = await web.json(f"{path}/top", limit=limit, start_rank=start)
        top = pb.GetTopUsersRequest(contest_id=contest_id, limit=limit, start_rank=start)
        assert read(found, pb.GetTopUsersResponse) == await stub.GetTopUsers(top)
        found = await web.json(f"{path}/users", id=[user_id])
        users = pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=[user_id])
        assert read(found, pb.BatchGetUserRanksResponse) == await stub.BatchGetUserRanks(users)
    request = contests_pb2.GetContestRequest(contest_id=contest_id)
    answer = await web.service.contests.GetContest(request)
    assert read(await web.json(path), contests_pb2.Contest) == answer.contest


async def test_lists_of_contests(web: Web) -> None:
    """`/v1/contests` is ListContests: by prefix, by state and in pages."""
    for contest_id in CONTESTS:
        found = await web.json("/v1/contests", id_prefix=contest_id)
        request = contests_pb2.ListContestsRequest(id_prefix=contest_id)
        answer = await web.service.contests.ListContests(request)
        assert read(found, contests_pb2.ListContestsResponse) == answer
    for state in ("SCHEDULED", "OPEN", "CLOSED"):
        found = await web.json("/v1/contests", state=f"CONTEST_STATE_{state}", page_size=1_000)
        assert {each["state"] for each in found["contests"]} == {f"CONTEST_STATE_{state}"}
    seen: list[str] = []
    token = ""
    while not seen or token:
        found = await web.json("/v1/contests", page_size=2, page_token=token)
        seen += [each["contestId"] for each in found["contests"]]
        token = found["nextPageToken"]
    assert set(CONTESTS) <= set(seen)
    assert seen == sorted(set(seen))


async def test_seasons_of_a_contest(web: Web) -> None:
    """`/seasons` is ListSeasons, in pages."""
    path = f"/v1/contests/{CUP}/seasons"
    found = await web.json(path)
    request = contests_pb2.ListSeasonsRequest(contest_id=CUP)
    answer = await web.service.contests.ListSeasons(request)
    assert read(found, contests_pb2.ListSeasonsResponse) == answer
    first = await web.json(path, page_size=1)
    second = await web.json(path, page_size=1, page_token=first["nextPageToken"])
    assert [*first["seasons"], *second["seasons"]] == found["seasons"]

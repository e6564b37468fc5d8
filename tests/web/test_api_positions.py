"""`min_position`: what was written is read, through any gateway and any server."""

from pathlib import Path

import pytest

from harness.gateway import gateway
from harness.service import ServiceProcess, all_serving
from harness.stores import StoreProcess
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb
from web.boards import Web

PATH = "/v1/contests/cup"


async def test_writes_are_read_through_other_gateways(
    own_store: StoreProcess, tmp_path: Path
) -> None:
    """With the position of a write, each read of another gateway and server has the write."""
    first, second = (
        ServiceProcess(tmp_path / name, redis_url=own_store.url) for name in ("first", "second")
    )
    async with all_serving(first, second):
        rate = ("--rate", "1000000")
        with gateway(first.address, *rate) as one, gateway(second.address, *rate) as other:
            webs = (Web(first, one), Web(second, other))
            for number in range(1, 13):
                answer = await webs[number % 2].service.stub.UpdateScore(
                    pb.UpdateScoreRequest(contest_id="cup", user_id="ada", points=1)
                )
                position = f"{answer.position.epoch}:{answer.position.revision}"
                for web in webs:
                    await _reads(web, position, number)
            await _season(*webs)


async def _reads(web: Web, position: str, score: int) -> None:
    top = await web.json(f"{PATH}/top", min_position=position)
    rank = await web.json(f"{PATH}/rank", user_id="ada", min_position=position)
    users = await web.json(f"{PATH}/users", id=["ada"], min_position=position)
    for user in (top["users"][0], rank["user"], users["users"][0]):
        assert user["score"] == str(score)
    found = await web.json(f"{PATH}/scores", score=score, min_position=position)
    for read in (top, rank, users, found):
        assert f"{read['position']['epoch']}:{read['position']['revision']}" == position


async def _season(writer: Web, reader: Web) -> None:
    """Check that a season's last position can't be reached once the season is over."""
    before = (await reader.json(f"{PATH}/top"))["position"]
    reset = contests_pb2.ResetContestRequest(contest_id="cup", season=1)
    answer = await writer.service.contests.ResetContest(reset)
    now = answer.contest.position
    found = await reader.json(f"{PATH}/top", min_position=f"{now.epoch}:{now.revision}")
    assert found["users"] == []
    position = f"{before['epoch']}:{before['revision']}"
    await reader.problem(f"{PATH}/top", 409, min_position=position)
    assert (await reader.json(f"{PATH}/top", season=-1))["users"][0]["userId"] == "ada"


@pytest.mark.asyncio(loop_scope="session")
async def test_the_position_of_no_contest(web: Web) -> None:
    """`:0` is a position that everything has reached, also a contest that does not exist."""
    for contest_id in ("absent", "cup"):
        await web.json(f"/v1/contests/{contest_id}/top", min_position=":0")

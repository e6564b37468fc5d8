"""Servers with `--auto-create off`: contests have to be created before their first score."""

from pathlib import Path

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from contract.rejections import Rejection, contest_not_found
from harness.calls import DEADLINE_S, add, top
from harness.service import ServiceProcess
from harness.statuses import status_of, status_of_update
from harness.stores import StoreProcess
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb


async def test_only_created_contests_have_scores(own_store: StoreProcess, tmp_path: Path) -> None:
    """Updates of others are rejected one by one, nothing is written, and reads are empty."""
    options = ("--auto-create", "off")
    async with ServiceProcess(tmp_path, *options, redis_url=own_store.url) as service:
        contest = contests.Contest(contest_id="cup")
        request = contests.CreateContestRequest(contest=contest)
        await service.contests.CreateContest(request, timeout=DEADLINE_S)
        updates = [
            pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", points=1)
            for contest_id in ("cup", "other", "cup")
        ]
        batch = pb.BatchUpdateScoresRequest(updates=updates)

        answer = await service.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)

        first, rejected, last = answer.results
        assert [first.response.user.score, last.response.user.score] == [1, 2]
        status = Rejection.of(status_of_update(rejected.status))
        assert status == contest_not_found("other")
        assert (await top(service.stub, "other")).position == pb.Position()
        listed = await service.contests.ListContests(
            contests.ListContestsRequest(), timeout=DEADLINE_S
        )
        assert [each.contest_id for each in listed.contests] == ["cup"]
        async with own_store.client() as client:
            assert await client.exists("leaderboard:contest:{other}:meta") == 0


async def test_contests_that_began_before_go_on(own_store: StoreProcess, tmp_path: Path) -> None:
    """A contest that began with a score exists for all servers."""
    async with (
        ServiceProcess(tmp_path / "on", redis_url=own_store.url) as on,
        ServiceProcess(tmp_path / "off", "--auto-create", "off", redis_url=own_store.url) as off,
    ):
        await add(on.stub, "cup", "ada", 1)

        assert (await add(off.stub, "cup", "ada", 1)).user.score == 2


async def test_writes_to_a_contest_of_a_later_version(
    own_store: StoreProcess, tmp_path: Path
) -> None:
    """They are UNAVAILABLE with the cause, which is logged; reads go on."""
    async with (
        ServiceProcess(tmp_path, redis_url=own_store.url) as service,
        own_store.client() as client,
    ):
        await add(service.stub, "cup", "ada", 1)
        await client.hset("leaderboard:contest:{cup}:meta", "schema", "99")
        contest = contests.Contest(contest_id="cup", display_name="Cup")
        mask = FieldMask(paths=["display_name"])
        calls = (
            service.stub.UpdateScore(
                pb.UpdateScoreRequest(contest_id="cup", user_id="ada", points=1), timeout=DEADLINE_S
            ),
            service.contests.UpdateContest(
                contests.UpdateContestRequest(contest=contest, update_mask=mask), timeout=DEADLINE_S
            ),
        )
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as rejected:
                await call
            status = status_of(rejected.value)
            assert (status.code, status.metadata) == (
                grpc.StatusCode.UNAVAILABLE,
                {"cause": "newer_schema"},
            )

        board = await top(service.stub, "cup")
        assert [(user.user_id, user.score) for user in board.users] == [("ada", 1)]
        request = contests.GetContestRequest(contest_id="cup")
        read = await service.contests.GetContest(request, timeout=DEADLINE_S)
        assert read.contest.total_users == 1
        assert '"newer_schema"' in service.process.log.read_text()

"""Deletions of a contest beside many writers, on two servers."""

import asyncio
import itertools
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from redis.asyncio import Redis

from contests.two_servers import DEADLINE_S, keys_of_contests, listed, two_servers
from harness.calls import top
from harness.cluster_store import Store
from harness.service import ServiceProcess
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

CONTEST = "busy"
KEY = f"leaderboard:contest:{{{CONTEST}}}"


async def check_whole(redis: Redis) -> None:
    """Check that the keys of the contest agree in one moment: all are there, or none."""
    async with redis.pipeline(transaction=True) as pipeline:
        pipeline.zrange(KEY, 0, -1)
        pipeline.hgetall(f"{KEY}:users")
        pipeline.hgetall(f"{KEY}:meta")
        pipeline.xrevrange(f"{KEY}:log", count=1)
        members, users, meta, last = await pipeline.execute()
    assert sorted(members) == sorted(entry[:14] + user for user, entry in users.items())
    assert bool(members) == bool(meta) == bool(last)
    if last:
        assert last[0][0] == f"{meta['revision']}-0"


@pytest.mark.parametrize(
    ("writers", "deletions"),
    [(40, 15), pytest.param(1_000, 200, marks=pytest.mark.slow)],
)
async def test_contest_is_gone_or_new(
    writers: int, deletions: int, own_store: Store, tmp_path: Path
) -> None:
    """Its keys always agree; each epoch has what was acknowledged in it, and nothing else."""
    scores: defaultdict[str, Counter[str]] = defaultdict(Counter)
    stop = asyncio.Event()

    async def write(server: ServiceProcess, user_id: str) -> None:
        for points in itertools.cycle((1, 2, 3)):
            if stop.is_set():
                return
            request = pb.UpdateScoreRequest(contest_id=CONTEST, user_id=user_id, points=points)
            answer = await server.stub.UpdateScore(request, timeout=DEADLINE_S)
            of_epoch = scores[answer.position.epoch]
            of_epoch[user_id] += points
            assert answer.user.score == of_epoch[user_id]

    limit = ("--max-calls-per-connection", str(writers))
    async with two_servers(own_store, tmp_path, *limit) as servers, own_store.client() as redis:
        async with asyncio.TaskGroup() as tasks:
            for number in range(writers):
                tasks.create_task(write(servers[number % 2], f"user-{number}"))
            for number in range(deletions):
                request = contests.DeleteContestRequest(contest_id=CONTEST)
                await servers[number % 2].contests.DeleteContest(request, timeout=DEADLINE_S)
                await check_whole(redis)
            stop.set()

        assert len(scores) > 1
        for server in servers:
            board = await top(server.stub, CONTEST)
            # A contest that is gone has an epoch of no writes.
            rows = {user.user_id: user.score for user in board.users}
            assert rows == scores[board.position.epoch]
        await check_whole(redis)
        exists = await redis.exists(f"{KEY}:meta")
        for server in servers:
            assert await listed(server) == [CONTEST] * exists


async def test_deletion_of_another_epoch_does_nothing(own_store: Store, tmp_path: Path) -> None:
    """A deletion that is sent again does not delete the contest that began since."""
    async with two_servers(own_store, tmp_path) as servers, own_store.client() as redis:
        update = pb.UpdateScoreRequest(contest_id=CONTEST, user_id="ada", points=5)
        first = await servers[0].stub.UpdateScore(update, timeout=DEADLINE_S)
        request = contests.DeleteContestRequest(contest_id=CONTEST, epoch=first.position.epoch)
        await servers[1].contests.DeleteContest(request, timeout=DEADLINE_S)
        assert not await keys_of_contests(redis)

        second = await servers[0].stub.UpdateScore(update, timeout=DEADLINE_S)
        for server in servers:
            await server.contests.DeleteContest(request, timeout=DEADLINE_S)

        assert second.position.epoch != first.position.epoch
        assert (second.position.revision, second.user.score) == (1, 5)
        for server in servers:
            board = await top(server.stub, CONTEST, min_position=second.position)
            assert [user.score for user in board.users] == [5]

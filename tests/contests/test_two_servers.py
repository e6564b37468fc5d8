"""Contests that begin through two servers at once are listed once by each of them."""

import asyncio
import random
from pathlib import Path

import pytest

from harness.cluster_store import Store
from harness.service import ServiceProcess, all_serving
from harness.waiting import eventually
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb

_AT_ONCE = 50
"""Calls in flight to each server."""


async def _begin(server: ServiceProcess, contest_id: str, *, create: bool) -> None:
    """Create a contest, or begin it with a score."""
    if create:
        request = contests.CreateContestRequest(contest=contests.Contest(contest_id=contest_id))
        await server.contests.CreateContest(request, timeout=30)
    else:
        update = pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", points=1)
        await server.stub.UpdateScore(update, timeout=30)


async def _listed(server: ServiceProcess) -> list[str]:
    """Return the ids of all contests, page by page."""
    found: list[str] = []
    token = ""
    while not found or token:
        request = contests.ListContestsRequest(page_size=1_000, page_token=token)
        answer = await server.contests.ListContests(request, timeout=30)
        found += (contest.contest_id for contest in answer.contests)
        token = answer.next_page_token
    return found


@pytest.mark.usefixtures("on_each_listener")
@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.slow)])
async def test_every_contest_is_listed_once_in_order(
    count: int, own_store: Store, tmp_path: Path
) -> None:
    """However it began, through either server or both, while others are listed."""
    chance = random.Random(count)
    ids = [f"{chance.choice('aZ_9')}{chance.randrange(10**9)}.{number}" for number in range(count)]
    servers = [ServiceProcess(tmp_path / str(n), redis_url=own_store.url) for n in range(2)]
    async with all_serving(*servers):
        work = [
            (server, contest_id, chance.random() < 0.5)
            for contest_id in ids
            for server in chance.choice([servers, servers[:1], servers[1:]])
        ]
        chance.shuffle(work)

        async def run() -> None:
            while work:
                server, contest_id, create = work.pop()
                await _begin(server, contest_id, create=create)

        running = asyncio.gather(*(run() for _ in range(2 * _AT_ONCE)))
        await eventually(lambda: len(work) < count, "some contests", within=60)
        partial = await _listed(servers[0])
        await running

        assert partial == sorted(set(partial) & set(ids))
        for server in servers:
            assert await _listed(server) == sorted(ids)

"""Many contests that are created, filled, watched, and deleted or expire, through two servers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from redis.asyncio import Redis

from contests.two_servers import DEADLINE_S, keys_of_contests, listed, refusal, two_servers
from harness.cluster_store import Store
from harness.service import ServiceProcess
from harness.waiting import eventually
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

USERS = 20
AT_ONCE = 20
LISTED_WITHIN_S = 60.0
GONE_WITHIN_S = 30.0
FREED_WITHIN_S = 90.0
GROWTH = 1.05
Step = Callable[[int, str, ServiceProcess], Awaitable[None]]
STYLES = ("RANK_STYLE_ORDINAL", "RANK_STYLE_COMPETITION", "RANK_STYLE_DENSE")


async def begin(number: int, contest_id: str, server: ServiceProcess) -> None:
    """Create a contest and fill it, with what makes keys of every kind."""
    rules = pb.ContestRules(rank_style=STYLES[number % len(STYLES)])
    create = contests.CreateContestRequest(
        contest=contests.Contest(contest_id=contest_id, rules=rules)
    )
    if number % 4:
        await server.contests.CreateContest(create, timeout=DEADLINE_S)
    updates = [
        pb.UpdateScoreRequest(
            contest_id=contest_id,
            user_id=f"user-{user}",
            points=user,
            request_id=f"write-{user}",
            display_name=f"User {user}",
        )
        for user in range(USERS)
    ]
    batch = pb.BatchUpdateScoresRequest(updates=updates)
    await server.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)
    hide = contests.HideUsersRequest(contest_id=contest_id, user_ids=["user-3", "nobody"])
    await server.contests.HideUsers(hide, timeout=DEADLINE_S)


async def delete(_: int, contest_id: str, server: ServiceProcess) -> None:
    """Delete a contest."""
    request = contests.DeleteContestRequest(contest_id=contest_id)
    await server.contests.DeleteContest(request, timeout=DEADLINE_S)


async def let_expire(_: int, contest_id: str, server: ServiceProcess) -> None:
    """Have a contest expire in a second."""
    contest = contests.Contest(contest_id=contest_id, expire_after=Duration(seconds=1))
    request = contests.UpdateContestRequest(contest=contest)
    request.update_mask.paths.append("expire_after")
    await server.contests.UpdateContest(request, timeout=DEADLINE_S)


async def read(_: int, contest_id: str, server: ServiceProcess) -> None:
    """Read a contest in every way."""
    top = pb.GetTopUsersRequest(contest_id=contest_id)
    rank = pb.GetUserRankRequest(contest_id=contest_id, user_id="user-7", neighbors=2)
    several = pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=["user-1", "nobody"])
    await server.stub.GetTopUsers(top, timeout=DEADLINE_S)
    await refusal(server.stub.GetUserRank(rank, timeout=DEADLINE_S))
    await server.stub.BatchGetUserRanks(several, timeout=DEADLINE_S)
    await refusal(server.contests.GetContest(contests.GetContestRequest(contest_id=contest_id)))
    hidden = contests.ListHiddenUsersRequest(contest_id=contest_id)
    await server.contests.ListHiddenUsers(hidden, timeout=DEADLINE_S)
    score = pb.GetScoreRankRequest(contest_id=contest_id, score=5)
    await server.stub.GetScoreRank(score, timeout=DEADLINE_S)


async def for_all(step: Step, ids: Sequence[str], servers: Sequence[ServiceProcess]) -> None:
    """Do a step for all contests, some at once, each through the next server."""
    work = list(enumerate(ids))

    async def run() -> None:
        while work:
            number, contest_id = work.pop()
            await step(number, contest_id, servers[number // 2 % len(servers)])

    await asyncio.gather(*(run() for _ in range(AT_ONCE)))


async def last_reason(
    stub: LeaderboardServiceStub, contest_id: str, opened: asyncio.Event
) -> "pb.EndReason | None":
    """Watch a contest to the end of the stream, and return the reason."""
    reason = None
    async for message in stub.WatchContest(pb.WatchContestRequest(contest_id=contest_id)):
        opened.set()
        reason = message.end.reason if message.HasField("end") else None
    return reason


@contextlib.asynccontextmanager
async def watching(
    ids: Sequence[str], servers: Sequence[ServiceProcess]
) -> AsyncIterator[list["asyncio.Task[pb.EndReason | None]"]]:
    """Watch all contests at one server or the other, on channels with few streams each."""
    async with contextlib.AsyncExitStack() as stack:
        tasks, all_opened = [], []
        for some in parts(ids, 50):
            for number, server in enumerate(servers):
                channel: grpc.aio.Channel = await stack.enter_async_context(server.new_channel())
                stub = LeaderboardServiceStub(channel)
                for contest_id in some[number::2]:
                    opened = asyncio.Event()
                    all_opened.append(opened.wait())
                    tasks.append(asyncio.create_task(last_reason(stub, contest_id, opened)))
        await asyncio.gather(*all_opened)
        try:
            yield tasks
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def parts(ids: Sequence[str], size: int) -> list[Sequence[str]]:
    """Return ids in parts of a size."""
    return [ids[first : first + size] for first in range(0, len(ids), size)]


async def lists(server: ServiceProcess, ids: Sequence[str]) -> bool:
    """Return whether a server lists these contests and no others."""
    return await listed(server) == sorted(ids)


async def used_memory(redis: Redis) -> int:
    """Return the memory that the store uses."""
    return int((await redis.info("memory"))["used_memory"])


async def run_round(ids: Sequence[str], servers: list[ServiceProcess], redis: Redis) -> None:
    """Create, fill and watch contests, delete one half and have the other one expire."""

    async def all_list(due: Sequence[str]) -> None:
        for server in servers:
            await eventually(partial(lists, server, due), "the list", within=LISTED_WITHIN_S)

    async def read_on() -> None:
        while True:
            for server in servers:
                await for_all(read, ids, [server])

    deleted, expiring = ids[::2], ids[1::2]
    await for_all(begin, ids, servers)
    await all_list(ids)
    reading = asyncio.create_task(read_on())
    async with watching(ids, servers) as watches:
        await for_all(delete, deleted, servers)
        await all_list(expiring)
        await for_all(let_expire, expiring, servers)
        _, pending = await asyncio.wait(watches, timeout=GONE_WITHIN_S)
        if reading.done():
            await reading
        assert not pending, f"{len(pending)} of {len(watches)} watches have not ended"
        reasons = [watch.result() for watch in watches]
    assert set(reasons) == {pb.END_REASON_CONTEST_DELETED}

    async def is_empty() -> bool:
        return not await keys_of_contests(redis)

    await eventually(is_empty, "no key of a contest", within=GONE_WITHIN_S)
    await all_list([])
    for server in servers:
        await for_all(read, ids, [server])
    assert await is_empty()
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading


@pytest.mark.parametrize("count", [60])
async def test_nothing_is_left_of_contests(count: int, own_store: Store, tmp_path: Path) -> None:
    """No key, while servers go on to read them; lists are right; watches end."""
    async with two_servers(own_store, tmp_path) as servers, own_store.client() as redis:
        await run_round([f"season-{number}" for number in range(count)], servers, redis)


@pytest.mark.slow
async def test_memory_of_the_store_is_freed(own_store: Store, tmp_path: Path) -> None:
    """After 1,000 contests it is that of before, within 5 %."""
    async with two_servers(own_store, tmp_path) as servers, own_store.client() as redis:
        await run_round([f"before-{number}" for number in range(50)], servers, redis)
        before = await used_memory(redis)
        await run_round([f"season-{number}" for number in range(1_000)], servers, redis)

        async def is_freed() -> bool:
            return await used_memory(redis) < GROWTH * before

        await eventually(is_freed, "the memory of before", within=FREED_WITHIN_S)

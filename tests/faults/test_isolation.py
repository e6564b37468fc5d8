"""Promise 7, isolation: a client that misbehaves does not affect the others."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import partial

import grpc
import pytest

from harness.calls import add, top
from harness.load import Load
from harness.service import CHANNEL_OPTIONS, ServiceProcess
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

pytestmark = pytest.mark.usefixtures("on_each_listener")


async def test_stalled_watchers_delay_no_other_client(service: ServiceProcess) -> None:
    """Watchers that never read do not delay writers, readers or other watchers."""
    async with (
        grpc.aio.insecure_channel(service.address, options=CHANNEL_OPTIONS) as stalled_channel,
        Watcher("cup", limit=50) as watcher,
    ):
        stalled_stub = LeaderboardServiceStub(stalled_channel)
        await add(service.stub, "cup", "ada", 1)
        request = pb.WatchContestRequest(contest_id="cup", limit=1000)
        stalled = [stalled_stub.WatchContest(request) for _ in range(50)]
        for call in stalled:
            await call.initial_metadata()
        await watcher.open(service.stub)

        async with Load(service.stub, "cup") as load:
            await load.more_writes(500)

        board = await top(service.stub, "cup", limit=50)
        await watcher.reach(board.position)
        watcher.checker.assert_equals(board)
        for call in stalled:
            call.cancel()


_DEADLINE_S = 3.0
"""The deadline of the other callers: no measurement, but far below a service that stands still."""
_SERVICE = "/leaderboard.v1.LeaderboardService"


def _bad_calls(channel: grpc.aio.Channel) -> Iterator[Callable[[], Awaitable[object]]]:
    """Yield calls that are refused: each kind of bad request in turn."""
    endless = pb.UpdateScoreRequest(contest_id="x" * 60_000, user_id="ä", display_name="\n")
    updates = [pb.UpdateScoreRequest(contest_id="cup", user_id=" ")] * 20
    requests = (
        ("UpdateScore", b"\xff" * 100),
        ("UpdateScore", endless.SerializeToString()),
        ("UpdateScore", pb.UpdateScoreRequest().SerializeToString()),
        ("BatchUpdateScores", pb.BatchUpdateScoresRequest(updates=updates).SerializeToString()),
        ("BatchUpdateScores", b"\x0a\x7f" * 5_000),
        ("GetTopUsers", pb.GetTopUsersRequest(contest_id="cup", limit=-1).SerializeToString()),
        ("GetUserRank", pb.GetUserRankRequest(contest_id="{cup}").SerializeToString()),
        ("NoSuchMethod", b""),
    )
    for method, request in itertools.cycle(requests):
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"{_SERVICE}/{method}"
        )
        yield partial(call, request)


@contextlib.asynccontextmanager
async def _flood(service: ServiceProcess) -> AsyncIterator[list[grpc.StatusCode]]:
    """Send bad requests on one connection, 20 at a time, during a block; yield their statuses."""
    statuses: list[grpc.StatusCode] = []
    async with service.new_channel() as channel:
        calls = _bad_calls(channel)

        async def send() -> None:
            while True:
                try:
                    await next(calls)()
                except grpc.aio.AioRpcError as error:
                    statuses.append(error.code())

        tasks = [asyncio.create_task(send()) for _ in range(20)]
        try:
            yield statuses
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _call_often(stub: LeaderboardServiceStub, rounds: int) -> None:
    """Write, read and rank in a contest of its own; every call succeeds within its deadline."""
    for number in range(1, rounds + 1):
        update = pb.UpdateScoreRequest(contest_id="calm", user_id="ada", points=1)
        written = await stub.UpdateScore(update, timeout=_DEADLINE_S)
        assert written.user.score == number
        rank = pb.GetUserRankRequest(
            contest_id="calm", user_id="ada", min_position=written.position
        )
        assert (await stub.GetUserRank(rank, timeout=_DEADLINE_S)).user.score == number
        page = pb.GetTopUsersRequest(contest_id="calm", limit=10, min_position=written.position)
        assert [
            user.score for user in (await stub.GetTopUsers(page, timeout=_DEADLINE_S)).users
        ] == [number]


async def test_bad_requests_of_one_connection_fail_no_other_call(service: ServiceProcess) -> None:
    """Under a flood of bad requests all calls and the watch of another connection succeed."""
    async with Watcher("calm") as watcher:
        await watcher.open(service.stub)
        async with _flood(service) as statuses:
            await eventually(lambda: len(statuses) >= 200, "a flood")
            await _call_often(service.stub, 30)

        board = await top(service.stub, "calm")
        await watcher.reach(board.position)
        watcher.checker.assert_equals(board)
    assert set(statuses) == {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED}
    assert not (await top(service.stub, "cup")).users


async def test_a_hot_contest_fails_no_call_of_another(service: ServiceProcess) -> None:
    """While one contest takes as many updates as it can, calls and watches of another succeed."""
    async with (
        service.new_channel() as channel,
        Watcher("calm") as calm,
        Watcher("hot", scope=pb.WATCH_SCOPE_ALL) as hot,
    ):
        await calm.open(service.stub)
        await hot.open(service.stub)
        async with Load(LeaderboardServiceStub(channel), "hot", clients=100) as load:
            await load.more_writes(500)
            await _call_often(service.stub, 30)

        assert not load.errors
        for contest_id, watcher in (("calm", calm), ("hot", hot)):
            board = await top(service.stub, contest_id)
            await watcher.reach(board.position)
            watcher.checker.assert_equals(board)
        assert {user.user_id: user.score for user in board.users} == load.scores

"""Promise 7, isolation: a client that misbehaves does not affect the others."""

import grpc
import pytest

from harness.calls import add, top
from harness.load import Load
from harness.service import CHANNEL_OPTIONS, ServiceProcess
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

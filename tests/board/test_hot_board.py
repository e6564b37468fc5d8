"""Reads of a hot board without store calls, through real servers and a counting proxy."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from harness.calls import DEADLINE_S, add, top
from harness.counting_proxy import CountingProxy
from harness.service import ServiceProcess, all_serving
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

CONTEST = "cup"
READS = 500
USERS = 1_500
"""The number of users: more than a window holds."""
BATCH = 500


class Servers:
    """A server whose calls to the store are counted, and another one."""

    def __init__(self, store: StoreProcess, proxy: CountingProxy, folder: Path) -> None:
        self.proxy = proxy
        self.counted = ServiceProcess(folder / "counted", redis_url=proxy.url)
        self.other = ServiceProcess(folder / "other", redis_url=store.url)


@pytest_asyncio.fixture(name="servers")
async def _servers(own_store: StoreProcess, tmp_path: Path) -> AsyncIterator[Servers]:
    """Yield two servers, and a board on which user n has rank n."""
    async with CountingProxy(own_store.port) as proxy:
        servers = Servers(own_store, proxy, tmp_path)
        async with all_serving(servers.counted, servers.other):
            for first in range(1, USERS, BATCH):
                updates = [
                    pb.UpdateScoreRequest(
                        contest_id=CONTEST, user_id=f"u{number}", points=1_000_000 - number * 100
                    )
                    for number in range(first, first + BATCH)
                ]
                request = pb.BatchUpdateScoresRequest(updates=updates)
                await servers.other.stub.BatchUpdateScores(request, timeout=DEADLINE_S)
            yield servers


@contextlib.asynccontextmanager
async def _writes_below(stub: LeaderboardServiceStub) -> AsyncIterator[list[int]]:
    """Change the last users all the time; yield the list of the resulting revisions."""
    revisions: list[int] = []

    async def write() -> None:
        while True:
            for number in range(USERS - 50, USERS):
                answer = await add(stub, CONTEST, f"u{number}", 1)
                revisions.append(answer.position.revision)

    task = asyncio.create_task(write())
    try:
        await eventually(lambda: len(revisions) > 20, "writes")
        yield revisions
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_a_hot_board_is_read_without_the_store(servers: Servers) -> None:
    """Reads make no store call while a server writes below the first ranks."""
    stub = servers.counted.stub
    await _read_together(servers)

    for writer in (servers.other, servers.counted):
        async with _writes_below(writer.stub) as revisions:
            before, written = servers.proxy.calls.copy(), len(revisions)
            pages = [await top(stub, CONTEST, limit=limit % 1000 + 1) for limit in range(READS)]
            calls, written = servers.proxy.calls - before, len(revisions) - written

        # A server checks the position of a contest that is quiet for a second.
        assert set(calls) <= {"commit", "read_position"}
        assert calls["read_position"] <= 5
        assert calls["commit"] <= (written + 1 if writer is servers.counted else 0)
        positions = [page.position.revision for page in pages]
        assert positions == sorted(positions)
        assert positions[-1] > positions[0]
        assert [user.user_id for user in pages[-1].users[:3]] == ["u1", "u2", "u3"]


async def _read_together(servers: Servers) -> None:
    """Read a board without a window many times at once, which makes one call for all."""
    stub = servers.counted.stub
    await top(stub, "another-contest")  # loads the script into the store
    before = servers.proxy.calls["top"]

    await asyncio.gather(*(top(stub, CONTEST, limit=10) for _ in range(200)))

    assert servers.proxy.calls["top"] == before + 1

"""Promise 7, isolation: large reads do not affect others."""

import asyncio
from typing import Any

import grpc
import pytest
import pytest_asyncio

from harness.calls import DEADLINE_S, add
from harness.proxy import StoreProxy
from harness.service import ServiceProcess
from harness.statuses import status_of
from leaderboard.v1 import leaderboard_pb2 as pb

USERS = 4_000

pytestmark = pytest.mark.usefixtures("on_each_listener")


@pytest_asyncio.fixture(name="large")
async def _large(proxied: ServiceProcess) -> ServiceProcess:
    """Return a service with a contest of thousands of users."""
    for first in range(0, USERS, 1_000):
        users = [
            pb.UpdateScoreRequest(contest_id="cup", user_id=f"u{number}", points=number)
            for number in range(first, first + 1_000)
        ]
        await proxied.stub.BatchUpdateScores(pb.BatchUpdateScoresRequest(updates=users))
    return proxied


async def deep_page(service: ServiceProcess, number: int = 0) -> pb.GetTopUsersResponse:
    """Request 1,000 rows below the first 1,000 ranks; pages with one number may share a read."""
    request = pb.GetTopUsersRequest(contest_id="cup", start_rank=2_000 + number, limit=1_000)
    page: pb.GetTopUsersResponse = await service.stub.GetTopUsers(request, timeout=DEADLINE_S)
    return page


async def rank(service: ServiceProcess, neighbors: int = 0) -> pb.GetUserRankResponse:
    """Request a rank."""
    request = pb.GetUserRankRequest(contest_id="cup", user_id="u2000", neighbors=neighbors)
    answer: pb.GetUserRankResponse = await service.stub.GetUserRank(request, timeout=DEADLINE_S)
    return answer


@pytest.mark.parametrize("kind", ["pages", "neighbors"])
async def test_large_reads_delay_no_small_ones(
    large: ServiceProcess, proxy: StoreProxy, kind: str
) -> None:
    """A rank and a write that are requested after many large reads are answered before them."""
    proxy.delay = 0.05
    if kind == "pages":
        reads: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(deep_page(large, number)) for number in range(40)
        ]
    else:
        reads = [asyncio.ensure_future(rank(large, 100)) for _ in range(190)]
    await asyncio.sleep(0)  # the reads are sent first

    await asyncio.gather(rank(large), add(large.stub, "cup", "u8", 1))

    assert sum(read.done() for read in reads) < len(reads) / 2
    proxy.delay = 0
    await asyncio.gather(*reads)


async def test_large_reads_over_the_limit(large: ServiceProcess, proxy: StoreProxy) -> None:
    """Beyond a number of rows pages are rejected for a while; ranks are served."""
    proxy.delay = 0.05  # else a store that is faster than the calls arrive serves them all
    reads = [asyncio.ensure_future(deep_page(large, number)) for number in range(100)]

    ranks = rank(large), rank(large, 100)
    done = await asyncio.gather(*reads, *ranks, return_exceptions=True)
    proxy.delay = 0

    rejected = [status_of(error) for error in done if isinstance(error, grpc.aio.AioRpcError)]
    assert 1 <= len(rejected) <= 60
    assert {(status.reason, status.metadata["limit"]) for status in rejected} == {
        ("ERROR_REASON_OVERLOADED", "pages")
    }
    assert all(status.code is grpc.StatusCode.RESOURCE_EXHAUSTED for status in rejected)
    assert all(status.retry_after for status in rejected)
    assert all(isinstance(answer, pb.GetUserRankResponse) for answer in done[-2:])
    assert len((await deep_page(large)).users) == 1_000

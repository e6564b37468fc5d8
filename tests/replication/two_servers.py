"""Two servers on one store, one of them behind a proxy, and writes to them."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

from harness.calls import DEADLINE_S
from harness.cluster_store import Store
from harness.counting_proxy import CountingProxy
from harness.service import ServiceProcess, all_serving
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from watch.scopes import batch


class Servers(NamedTuple):
    """Two servers; `far` reaches the store through a proxy that can break the connection."""

    near: ServiceProcess
    far: ServiceProcess
    proxy: CountingProxy


@contextlib.asynccontextmanager
async def two_servers(store: Store, folder: Path, *options: str) -> AsyncIterator[Servers]:
    """Run two servers for a block."""
    async with CountingProxy(*store.ports) as proxy:
        near = ServiceProcess(folder / "near", *options, redis_url=store.url)
        far = ServiceProcess(folder / "far", *options, redis_url=proxy.url)
        async with all_serving(near, far):
            yield Servers(near, far, proxy)


async def write(stub: LeaderboardServiceStub, *numbers: int, name: str = "") -> pb.Position:
    """Send numbered batches one after the other and return the position after the last one."""
    for number in numbers:
        response = await stub.BatchUpdateScores(batch(number, name=name), timeout=DEADLINE_S)
        outcomes = {result.WhichOneof("outcome") for result in response.results}
        assert outcomes == {"response"}, response.results[0].status
    position: pb.Position = response.results[-1].response.position
    return position


async def accepts_writes(service: ServiceProcess) -> None:
    """Wait until a server accepts writes again, and send it one."""

    async def is_serving() -> bool:
        return await service.health() == "SERVING"

    await eventually(is_serving, "SERVING from the health of a server")
    await write(service.stub, 9)

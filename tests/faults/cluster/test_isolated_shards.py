"""A shard that is dead or hangs is felt by its contests alone, whatever is called."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from conftest import require
from harness.calls import DEADLINE_S
from harness.cluster import ClusterStores
from harness.node import Node, running_node
from harness.service import ServiceProcess
from harness.statuses import status_of, status_of_update
from harness.stores import Flavour
from harness.uncounted import sweep_instruments
from harness.waiting import eventually
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.contests.deletion import ExpirySweep
from leaderboard_server.storage import keys

AWAY = 1
"""The shard that breaks; the others of the three keep the majority."""
CONTESTS = 6
"""Contests of each shard: enough that the rows of their windows fill a queue."""
ROWS = 1_000
BATCH = 40
"""Contests of a shard in a batch: more than are committed at a time."""
AT_ONCE = 20
MANY = [f"nobody-{number}" for number in range(ROWS)]

Call = Callable[[ServiceProcess, str], Awaitable[object]]


async def update(service: ServiceProcess, contest_id: str) -> None:
    """Add a point."""
    request = pb.UpdateScoreRequest(contest_id=contest_id, user_id="ada", points=1)
    await service.stub.UpdateScore(request, timeout=DEADLINE_S)


async def window(service: ServiceProcess, contest_id: str) -> None:
    """Read what a window in memory holds."""
    request = pb.GetTopUsersRequest(contest_id=contest_id, limit=ROWS)
    await service.stub.GetTopUsers(request, timeout=DEADLINE_S)


async def page(service: ServiceProcess, contest_id: str) -> None:
    """Read rows that no window holds."""
    request = pb.GetTopUsersRequest(contest_id=contest_id, start_rank=ROWS + 1, limit=ROWS)
    await service.stub.GetTopUsers(request, timeout=DEADLINE_S)


async def rank(service: ServiceProcess, contest_id: str) -> None:
    """Read a rank."""
    request = pb.GetUserRankRequest(contest_id=contest_id, user_id="ada")
    await service.stub.GetUserRank(request, timeout=DEADLINE_S)


async def rows_around(service: ServiceProcess, contest_id: str) -> None:
    """Read a rank with many rows around it."""
    request = pb.GetUserRankRequest(contest_id=contest_id, user_id="ada", around=201)
    await service.stub.GetUserRank(request, timeout=DEADLINE_S)


async def ranks(service: ServiceProcess, contest_id: str) -> None:
    """Read the ranks of many users."""
    request = pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=MANY)
    await service.stub.BatchGetUserRanks(request, timeout=DEADLINE_S)


async def seasons(service: ServiceProcess, contest_id: str) -> None:
    """List seasons."""
    request = contests.ListSeasonsRequest(contest_id=contest_id, page_size=ROWS)
    await service.contests.ListSeasons(request, timeout=DEADLINE_S)


async def hide(service: ServiceProcess, contest_id: str) -> None:
    """Hide users."""
    request = contests.HideUsersRequest(contest_id=contest_id, user_ids=MANY)
    await service.contests.HideUsers(request, timeout=DEADLINE_S)


async def settings(service: ServiceProcess, contest_id: str) -> None:
    """Read a contest."""
    request = contests.GetContestRequest(contest_id=contest_id)
    await service.contests.GetContest(request, timeout=DEADLINE_S)


CALLS: Sequence[Call] = (
    *(update, window, page, rank, rows_around, ranks, seasons, hide, settings),
)


@pytest_asyncio.fixture(
    name="cluster", params=["valkey", pytest.param("redis", marks=pytest.mark.slow)]
)
async def _cluster(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ClusterStores]:
    """Yield three shards."""
    flavour = Flavour(request.param)
    require(flavour)
    async with ClusterStores(flavour, tmp_path) as cluster:
        yield cluster


@pytest_asyncio.fixture(name="server")
async def _server(cluster: ClusterStores, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """Yield a server with some contests on each shard."""
    async with ServiceProcess(tmp_path / "service", redis_url=cluster.url) as server:
        await begin(server, own(cluster) + others(cluster))
        yield server


def own(cluster: ClusterStores, count: int = CONTESTS) -> list[str]:
    """Return contests of the shard that breaks."""
    return cluster.contests(AWAY, count)


def others(cluster: ClusterStores, count: int = CONTESTS) -> list[str]:
    """Return contests of the other shards."""
    return cluster.contests(0, count) + cluster.contests(2, count)


async def begin(server: ServiceProcess, ids: Sequence[str]) -> None:
    """Have contests begin."""
    for first in range(0, len(ids), AT_ONCE):
        await asyncio.gather(*(update(server, one) for one in ids[first : first + AT_ONCE]))


async def break_shard(cluster: ClusterStores, fault: str) -> None:
    """Have a shard hang or die, with its replica."""
    cluster.replicas[AWAY].freeze()
    if fault == "hanging":
        cluster.masters[AWAY].freeze()
    else:
        await cluster.masters[AWAY].kill()


async def call_all(server: ServiceProcess, ids: Sequence[str]) -> None:
    """Make all calls for contests at once."""
    await asyncio.gather(*(call(server, one) for call in CALLS for one in ids))


async def failure(call: Awaitable[object]) -> str:
    """Return the reason of a call's error, and check its code; empty if it has none."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        status = status_of(error)
        assert status.code is grpc.StatusCode.UNAVAILABLE, status
        return status.reason
    return ""


@contextlib.asynccontextmanager
async def followed(server: ServiceProcess, ids: Sequence[str]) -> AsyncIterator[None]:
    """Have a server follow contests, by watches that read no window, until the block ends."""
    request = pb.WatchContestRequest(scope=pb.WATCH_SCOPE_USERS, user_ids=["ada"])
    watches = []
    for contest_id in ids:
        request.contest_id = contest_id
        watches.append(server.stub.WatchContest(request))
        await watches[-1].read()
    try:
        yield
    finally:
        for watch in watches:
            watch.cancel()


@pytest.mark.parametrize("fault", ["hanging", pytest.param("dead", marks=pytest.mark.slow)])
async def test_calls_of_other_shards_succeed(
    cluster: ClusterStores, server: ServiceProcess, fault: str
) -> None:
    """All of them do, from the beginning of the fault on."""
    away, healthy = own(cluster), others(cluster)
    # Windows are filled where their contests are followed: those of the shard fill a queue.
    async with followed(server, [*away, *healthy]):
        await break_shard(cluster, fault)
        calls = [(call, one) for call in CALLS for one in away]
        stuck = [asyncio.ensure_future(failure(call(server, one))) for call, one in calls]
        await asyncio.sleep(0)
        await call_all(server, healthy)
        while not all(one.done() for one in stuck):
            await call_all(server, healthy)
        assert set(await asyncio.gather(*stuck)) == {"ERROR_REASON_STORE_UNAVAILABLE"}
        await call_all(server, healthy)
        assert await server.health() == "SERVING"


def is_apart(cluster: ClusterStores, contest_id: str) -> bool:
    """Return whether the shard that breaks has the entry of a contest in the registry."""
    return cluster.shard_of(str(keys.registry_part(contest_id))) == AWAY


async def test_server_that_starts_meanwhile(cluster: ClusterStores, tmp_path: Path) -> None:
    """It serves the contests of other shards, and what needs the dead one fails alone."""
    away, healthy = own(cluster, BATCH), others(cluster, BATCH // 2)
    unused = [one for one in cluster.contests(0, 3 * BATCH) if one not in healthy]
    async with running_node(cluster.url) as node:
        for one in (*away, *healthy):
            await node.add(one, "bob", 7)
        absent = next(one for one in unused if not is_apart(cluster, one))
        await node.store.registry.register(absent)
        await break_shard(cluster, "dead")
        assert absent not in await swept(node, keys.registry_part(absent))

    async with ServiceProcess(tmp_path / "service", redis_url=cluster.url) as server:
        batch = pb.BatchUpdateScoresRequest(
            updates=[
                pb.UpdateScoreRequest(contest_id=one, user_id="bob", points=7)
                for one in (*away, *healthy)
            ]
        )
        answer = await server.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)
        for result in answer.results[:BATCH]:
            assert status_of_update(result.status).reason == "ERROR_REASON_STORE_UNAVAILABLE"
        assert [result.response.user.score for result in answer.results[BATCH:]] == [14] * BATCH

        await create_and_delete(server, [one for one in healthy if is_apart(cluster, one)])
        stub, new = server.contests, next(one for one in unused if is_apart(cluster, one))
        for call in (
            update(server, new),
            stub.ListContests(contests.ListContestsRequest(), timeout=DEADLINE_S),
            stub.EraseUser(contests.EraseUserRequest(user_id="bob"), timeout=DEADLINE_S),
        ):
            assert await failure(call) == "ERROR_REASON_STORE_UNAVAILABLE"


async def swept(node: Node, part: int) -> list[str]:
    """Sweep twice without a shard, and return the ids of a part of the registry."""
    store, counts = node.store, sweep_instruments()
    sweep = ExpirySweep(store.registry, store.contests, counts, store.shard_of, interval_s=0.01)
    sweep.start()
    try:
        await eventually(lambda: counts.failed.value > 1, "two sweeps")
    finally:
        await sweep.close()
    return await store.registry.read_as_it_is(part, "", ROWS)


async def create_and_delete(server: ServiceProcess, ids: Sequence[str]) -> None:
    """Create a contest that exists, and delete another one."""
    creation = contests.CreateContestRequest(contest=contests.Contest(contest_id=ids[0]))
    await server.contests.CreateContest(creation, timeout=DEADLINE_S)
    deletion = contests.DeleteContestRequest(contest_id=ids[1])
    await server.contests.DeleteContest(deletion, timeout=DEADLINE_S)

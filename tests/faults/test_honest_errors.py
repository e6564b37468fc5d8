"""Honest: what can't be done is refused at once with the status of the contract, never guessed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from harness.calls import DEADLINE_S, add, scores
from harness.proxy import StoreProxy
from harness.service import SERVICE_NAME, ServiceProcess
from harness.statuses import status_of
from harness.stores import StoreProcess
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub

pytestmark = pytest.mark.usefixtures("on_each_listener")

_UPDATE = pb.UpdateScoreRequest(contest_id="cup", user_id="ada", points=1, request_id="write")


async def _watch(stub: LeaderboardServiceStub) -> None:
    call = stub.WatchContest(pb.WatchContestRequest(contest_id="cup"), timeout=DEADLINE_S)
    await call.read()
    call.cancel()


_CALLS: dict[str, Callable[[LeaderboardServiceStub], Awaitable[object]]] = {
    "UpdateScore": lambda stub: stub.UpdateScore(_UPDATE, timeout=DEADLINE_S),
    "BatchUpdateScores": lambda stub: stub.BatchUpdateScores(
        pb.BatchUpdateScoresRequest(updates=[_UPDATE]), timeout=DEADLINE_S
    ),
    "GetTopUsers": lambda stub: stub.GetTopUsers(
        pb.GetTopUsersRequest(contest_id="cup"), timeout=DEADLINE_S
    ),
    "GetUserRank": lambda stub: stub.GetUserRank(
        pb.GetUserRankRequest(contest_id="cup", user_id="ada"), timeout=DEADLINE_S
    ),
    "WatchContest": _watch,
}


async def test_honest_while_the_store_is_away(
    service: ServiceProcess, own_store: StoreProcess
) -> None:
    """Every call is refused as UNAVAILABLE and the health says so, until the store is back."""
    for call in _CALLS.values():
        await call(service.stub)

    await own_store.kill()
    await eventually(lambda: _health_is(service, "NOT_SERVING"), "NOT_SERVING")
    for call in _CALLS.values():
        await _assert_refused(call(service.stub))

    await own_store.start()
    await eventually(lambda: _health_is(service, "SERVING"), "SERVING")
    for call in _CALLS.values():
        await call(service.stub)
    assert await scores(service.stub, "cup") == {"ada": 1}


async def test_honest_while_the_store_is_silent(proxied: ServiceProcess, proxy: StoreProxy) -> None:
    """A line that swallows everything is noticed: the service itself refuses, before deadlines."""
    await add(proxied.stub, "cup", "ada", 1)
    assert await scores(proxied.stub, "cup") == {"ada": 1}
    proxy.swallow()

    await eventually(lambda: _health_is(proxied, "NOT_SERVING"), "NOT_SERVING")
    await eventually(lambda: _is_refused(_CALLS["GetTopUsers"](proxied.stub)), "refused reads")
    await asyncio.gather(*(_assert_refused(call(proxied.stub)) for call in _CALLS.values()))

    await proxy.deliver()
    await eventually(lambda: _health_is(proxied, "SERVING"), "SERVING")
    await _CALLS["GetTopUsers"](proxied.stub)


async def _assert_refused(call: Awaitable[object]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    status = status_of(refused.value)
    assert status.code is grpc.StatusCode.UNAVAILABLE
    assert status.reason == "ERROR_REASON_STORE_UNAVAILABLE"
    assert status.retry_after is not None
    assert status.retry_after > 0


async def _is_refused(call: Awaitable[object]) -> bool:
    try:
        await call
    except grpc.aio.AioRpcError:
        return True
    return False


async def _health_is(service: ServiceProcess, health: str) -> bool:
    return await service.health() == health


@pytest_asyncio.fixture(name="told_health")
async def _told_health(proxied: ServiceProcess) -> AsyncIterator[list[str]]:
    """Give the list of what the service tells of its health, up to the first NOT_SERVING."""
    told: list[str] = []

    async def listen() -> None:
        request = health_pb2.HealthCheckRequest(service=SERVICE_NAME)
        call = health_pb2_grpc.HealthStub(proxied.channel).Watch(request)
        while told[-1:] != ["NOT_SERVING"]:
            health = (await call.read()).status
            told.append(str(health_pb2.HealthCheckResponse.ServingStatus.Name(health)))
        call.cancel()

    task = asyncio.create_task(listen())
    yield told
    await task


async def test_honest_when_the_service_stops(
    proxied: ServiceProcess, proxy: StoreProxy, told_health: list[str]
) -> None:
    """SIGTERM tells the health, finishes what is under way, ends the watches, and exits with 0."""
    watcher = Watcher("cup")
    await watcher.open(proxied.stub)
    await add(proxied.stub, "cup", "ada", 1)
    await eventually(lambda: told_health == ["SERVING"], "SERVING")

    proxy.delay = 0.2
    under_way = [
        asyncio.create_task(add(proxied.stub, "cup", f"user-{number}", 1)) for number in range(20)
    ]
    lookout = proxy.look_out("EVALSHA", holding=b"{last}")
    under_way.append(asyncio.create_task(add(proxied.stub, "last", "ada", 1)))
    await lookout.passed()
    proxied.ask_to_stop()

    answers = await asyncio.gather(*under_way)
    assert [answer.user.score for answer in answers] == [1] * 21
    assert told_health == ["SERVING", "NOT_SERVING"]
    await watcher.closed()
    assert watcher.failure is None
    assert watcher.checker.ended == pb.END_REASON_DRAINING
    assert await proxied.process.exited(within=20) == 0

"""Promise 8, honest errors: a call that can't be served fails soon, with its status."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import grpc
import pytest
import pytest_asyncio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from faults.refused_writes import assert_reads, assert_refused, is_written, refused_writes
from harness.calls import DEADLINE_S, add, scores, top
from harness.proxy import StoreProxy
from harness.refusals import REFUSALS, dumped
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


async def test_calls_fail_while_the_store_is_unavailable(
    service: ServiceProcess, own_store: StoreProcess
) -> None:
    """Every call gets UNAVAILABLE and the health is NOT_SERVING, until the store returns."""
    for call in _CALLS.values():
        await call(service.stub)

    await own_store.kill()
    await eventually(lambda: _health_is(service, "NOT_SERVING"), "NOT_SERVING")
    for call in _CALLS.values():
        await _assert_unavailable(call(service.stub))

    await own_store.start()
    await eventually(lambda: _health_is(service, "SERVING"), "SERVING")
    for call in _CALLS.values():
        await call(service.stub)
    assert await scores(service.stub, "cup") == {"ada": 1}


async def test_calls_fail_while_the_store_is_silent(
    proxied: ServiceProcess, proxy: StoreProxy
) -> None:
    """A connection that swallows all bytes is detected: calls fail before their deadlines.

    The log has the reason, though the error of a timeout has no text.
    """
    await add(proxied.stub, "cup", "ada", 1)
    assert await scores(proxied.stub, "cup") == {"ada": 1}
    proxy.swallow()

    await eventually(lambda: _health_is(proxied, "NOT_SERVING"), "NOT_SERVING")
    await eventually(lambda: _fails(_CALLS["GetTopUsers"](proxied.stub)), "failing reads")
    await asyncio.gather(*(_assert_unavailable(call(proxied.stub)) for call in _CALLS.values()))

    await proxy.deliver()
    await eventually(lambda: _health_is(proxied, "SERVING"), "SERVING")
    await _CALLS["GetTopUsers"](proxied.stub)
    (entry,) = _logged(proxied, "store_unavailable")
    assert entry["reason"] == "no reply within 1 s"


def _logged(service: ServiceProcess, event: str) -> list[dict[str, str]]:
    """Return the log entries of one event."""
    entries = map(json.loads, service.process.log_tail(1_000).splitlines())
    return [entry for entry in entries if entry["event"] == event]


async def test_store_that_refuses_writes_serves_reads(
    each_store: StoreProcess, tmp_path: Path
) -> None:
    """Reads answer, writes get the cause, nothing is half written; later everything goes on."""
    async with (
        ServiceProcess(tmp_path / "service", redis_url=each_store.url) as service,
        each_store.client() as client,
    ):
        watcher = Watcher("cup", scope=pb.WATCH_SCOPE_ALL)
        await watcher.open(service.stub)
        expected = {"ada": 1}
        await add(service.stub, "cup", "ada", 1)
        for number, refusal in enumerate(REFUSALS):
            before = await dumped(client)
            async with refusal.of(each_store):
                await assert_reads(service.stub, expected)
                for request in refused_writes():
                    await assert_refused(service.stub, request, refusal)
                await assert_reads(service.stub, expected)
                assert await dumped(client) == before

            await eventually(partial(is_written, service.stub, number), "a write")
            await eventually(partial(is_written, service.stub, number), "a replay")
            expected |= {"ada": expected["ada"] + 1, f"user-{number}": 2}
            assert await scores(service.stub, "cup") == expected
        await watcher.reach((await top(service.stub, "cup")).position)
        assert {row.user_id: row.score for row in watcher.checker.rows} == expected
        assert watcher.checker.reasons == {"INITIAL": 1}

        refused = [entry["cause"] for entry in _logged(service, "store_refused")]
        assert refused == [refusal.cause or "full" for refusal in REFUSALS]
        assert not _logged(service, "store_unavailable")


async def _assert_unavailable(call: Awaitable[object]) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    status = status_of(failed.value)
    assert status.code is grpc.StatusCode.UNAVAILABLE
    assert status.reason == "ERROR_REASON_STORE_UNAVAILABLE"
    assert status.retry_after is not None
    assert status.retry_after > 0


async def _fails(call: Awaitable[object]) -> bool:
    try:
        await call
    except grpc.aio.AioRpcError:
        return True
    return False


async def _health_is(service: ServiceProcess, health: str) -> bool:
    return await service.health() == health


@pytest_asyncio.fixture(name="reported_health")
async def _reported_health(proxied: ServiceProcess) -> AsyncIterator[list[str]]:
    """Yield the list of reported health statuses, up to the first NOT_SERVING."""
    statuses: list[str] = []

    async def watch_health() -> None:
        request = health_pb2.HealthCheckRequest(service=SERVICE_NAME)
        call = health_pb2_grpc.HealthStub(proxied.channel).Watch(request)
        while statuses[-1:] != ["NOT_SERVING"]:
            health = (await call.read()).status
            statuses.append(str(health_pb2.HealthCheckResponse.ServingStatus.Name(health)))
        call.cancel()

    task = asyncio.create_task(watch_health())
    yield statuses
    await task


async def test_service_stops_gracefully(
    proxied: ServiceProcess, proxy: StoreProxy, reported_health: list[str]
) -> None:
    """SIGTERM reports NOT_SERVING, finishes calls in flight, ends watches, and exits with 0."""
    watcher = Watcher("cup")
    await watcher.open(proxied.stub)
    await add(proxied.stub, "cup", "ada", 1)
    await eventually(lambda: reported_health == ["SERVING"], "SERVING")

    proxy.delay = 0.2
    in_flight = [
        asyncio.create_task(add(proxied.stub, "cup", f"user-{number}", 1)) for number in range(20)
    ]
    interceptor = proxy.intercept("EVALSHA", holding=b"{last}")
    in_flight.append(asyncio.create_task(add(proxied.stub, "last", "ada", 1)))
    await interceptor.forwarded()
    proxied.ask_to_stop()

    answers = await asyncio.gather(*in_flight)
    assert [answer.user.score for answer in answers] == [1] * 21
    assert reported_health == ["SERVING", "NOT_SERVING"]
    await watcher.closed()
    assert watcher.failure is None
    assert watcher.checker.ended == pb.END_REASON_DRAINING
    assert await proxied.process.exited(within=20) == 0

"""Limits: calls over a limit are rejected at once, without an effect on open calls."""

import asyncio
from pathlib import Path
from typing import Any, TypeAlias

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from contract.rejections import Rejection, overloaded
from harness.calls import DEADLINE_S, add, scores
from harness.proxy import StoreProxy
from harness.service import ServiceProcess
from harness.statuses import status_of
from harness.stores import StoreProcess
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb

_MANY = 5
_Watch: TypeAlias = "grpc.aio.UnaryStreamCall[pb.WatchContestRequest, pb.WatchContestResponse]"


async def test_calls_over_the_limit(own_store: StoreProcess, tmp_path: Path) -> None:
    """A call over the limit is rejected with a retry delay; health and open calls succeed."""
    async with (
        StoreProxy(own_store.port) as proxy,
        ServiceProcess(tmp_path / "busy", "--max-calls", "1", redis_url=proxy.url) as service,
    ):
        await add(service.stub, "cup", "ada", 1)
        proxy.delay = 0.5
        interceptor = proxy.intercept("EVALSHA", holding=b"cup")
        open_call = asyncio.ensure_future(add(service.stub, "cup", "ada", 1))
        await interceptor.forwarded()

        rank = pb.GetUserRankRequest(contest_id="cup", user_id="ada")
        for call in (add(service.stub, "cup", "bob", 1), service.stub.GetUserRank(rank)):
            with pytest.raises(grpc.aio.AioRpcError) as rejected:
                await call
            assert Rejection.of(status_of(rejected.value)) == overloaded("calls")
        assert await service.health() == "SERVING"
        assert not open_call.done()
        assert (await open_call).user.score == 2
        proxy.delay = 0
        assert await scores(service.stub, "cup") == {"ada": 2}


async def test_updates_of_batches_over_the_limit(own_store: StoreProcess, tmp_path: Path) -> None:
    """Each batch is applied or rejected as a whole, and single updates succeed."""
    batch = pb.BatchUpdateScoresRequest(
        updates=[pb.UpdateScoreRequest(contest_id="cup", user_id="ada", points=1)] * 1_000
    )
    async with (
        StoreProxy(own_store.port) as proxy,
        ServiceProcess(tmp_path / "batches", redis_url=proxy.url) as service,
    ):
        await add(service.stub, "cup", "ada", 0)
        proxy.delay = 1.5  # none is applied before the last one has arrived
        calls = [service.stub.BatchUpdateScores(batch, timeout=DEADLINE_S) for _ in range(30)]
        rejections = [asyncio.ensure_future(_rejection(call)) for call in calls]
        await eventually(lambda: sum(each.done() for each in rejections) == 10, "the rejections")
        proxy.delay = 0

        rejected = [rejection for rejection in await asyncio.gather(*rejections) if rejection]
        assert rejected == [overloaded("updates")] * 10
        await add(service.stub, "cup", "bob", 1)
        assert await scores(service.stub, "cup") == {"ada": 20_000, "bob": 1}


async def _rejection(call: "grpc.aio.UnaryUnaryCall[Any, Any]") -> Rejection | None:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return Rejection.of(status_of(error))
    return None


async def test_watches_over_the_limit(own_store: StoreProcess, tmp_path: Path) -> None:
    """Watches have slots of their own, which are released at their end."""
    async with ServiceProcess(
        tmp_path / "watched", "--max-watchers", "2", "--max-calls", "1", redis_url=own_store.url
    ) as service:
        watchers = [Watcher("cup"), Watcher("cup")]
        for watcher in watchers:
            await watcher.open(service.stub)

        with pytest.raises(grpc.aio.AioRpcError) as rejected:
            await _watch(service).read()

        assert Rejection.of(status_of(rejected.value)) == overloaded("watches")
        written = await add(service.stub, "cup", "ada", 1)
        await watchers[0].reach(written.position)
        await watchers[0].hang_up()
        await eventually(lambda: _can_watch(service), "a place for another watcher")
        await watchers[1].hang_up()


async def test_health_has_no_limit(own_store: StoreProcess, tmp_path: Path) -> None:
    """Watches of the health take no slot of the watches."""
    async with ServiceProcess(
        tmp_path / "healthy", "--max-watchers", "1", redis_url=own_store.url
    ) as service:
        health = health_pb2_grpc.HealthStub(service.channel)
        watches = [health.Watch(health_pb2.HealthCheckRequest()) for _ in range(_MANY)]
        for watch in watches:
            async with asyncio.timeout(DEADLINE_S):
                assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING

        assert await _can_watch(service)
        for watch in watches:
            watch.cancel()


def _watch(service: ServiceProcess) -> _Watch:
    watch: _Watch = service.stub.WatchContest(
        pb.WatchContestRequest(contest_id="cup"), timeout=DEADLINE_S
    )
    return watch


async def _can_watch(service: ServiceProcess) -> bool:
    watch = _watch(service)
    try:
        await watch.read()
    except grpc.aio.AioRpcError:
        return False
    watch.cancel()
    return True

"""Stopping: on SIGTERM or SIGINT a server tells all, finishes what is under way, and is gone."""

import asyncio
import signal
from collections.abc import Awaitable
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from contract.refusals import Refusal, draining
from harness.calls import DEADLINE_S, add, scores
from harness.proxy import StoreProxy
from harness.service import SERVICE_NAME, ServiceProcess
from harness.statuses import status_of
from harness.stores import StoreProcess
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_watchers_are_told_and_can_go_on_elsewhere(
    service: ServiceProcess, own_store: StoreProcess, tmp_path: Path, stop: signal.Signals
) -> None:
    """Each stream ends with DRAINING at a position from which another server misses nothing."""
    await add(service.stub, "cup", "ada", 5)
    watchers = [
        Watcher("cup", scope=pb.WATCH_SCOPE_TOP),
        Watcher("cup", scope=pb.WATCH_SCOPE_ALL),
        Watcher("cup", scope=pb.WATCH_SCOPE_USERS, user_ids=["ada"]),
        Watcher("not-yet-there"),
    ]
    for watcher in watchers:
        await watcher.open(service.stub)

    service.process.signal(stop)

    for watcher in watchers:
        await watcher.closed()
        assert watcher.checker.ended == pb.END_REASON_DRAINING
        assert watcher.failure is None
    assert await service.process.exited() == 0
    async with ServiceProcess(tmp_path / "other", redis_url=own_store.url) as other:
        written = await add(other.stub, "cup", "ada", 2)
        for watcher in watchers[:3]:
            await watcher.open(other.stub, resume_after=watcher.checker.position)
            await watcher.reach(written.position)
            assert watcher.checker.reasons.total() == 1, "a snapshot in place of the change"
            await watcher.hang_up()


async def test_health_tells_of_the_stop_and_new_calls_are_refused(
    service: ServiceProcess,
) -> None:
    """Whoever watches the health hears NOT_SERVING, and whoever calls is told to go elsewhere."""
    await add(service.stub, "cup", "ada", 1)
    health = health_pb2_grpc.HealthStub(service.channel)
    watches = [
        health.Watch(health_pb2.HealthCheckRequest(service=name)) for name in ("", SERVICE_NAME)
    ]
    for watch in watches:
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING

    async def refused() -> bool:
        try:
            await add(service.stub, "cup", "ada", 1)
        except grpc.aio.AioRpcError as error:
            return error.code() == grpc.StatusCode.UNAVAILABLE
        return False

    service.ask_to_stop()

    for watch in watches:
        async with asyncio.timeout(DEADLINE_S):
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
    await eventually(refused, "UNAVAILABLE for new calls")
    for watch in watches:
        watch.cancel()
    assert await service.process.exited() == 0


async def test_calls_under_way_are_finished(own_store: StoreProcess, tmp_path: Path) -> None:
    """What was taken up before the signal is answered after it, and kept."""
    async with (
        StoreProxy(own_store.port) as proxy,
        ServiceProcess(tmp_path / "slow", redis_url=proxy.url) as service,
    ):

        def write(marker: str) -> list[Awaitable[pb.UpdateScoreResponse]]:
            return [
                asyncio.ensure_future(add(service.stub, f"cup-{cup}", f"{marker}-{cup}", 1))
                for cup in range(10)
            ]

        proxy.delay = 0.05
        await asyncio.gather(*write("opens-a-connection"))
        proxy.delay = 0.7
        lookouts = [proxy.look_out("EVALSHA", holding=b"under-way-%d" % cup) for cup in range(10)]
        calls = asyncio.gather(*write("under-way"))
        for lookout in lookouts:
            await lookout.passed()

        service.ask_to_stop()

        log = service.process.log
        await eventually(lambda: "stopping" in log.read_text(), "the beginning of the stop")
        assert not calls.done()
        assert [answer.user.rank for answer in await calls] == [2] * 10
        assert await service.process.exited() == 0
        proxy.delay = 0
        await service.start()
        assert await scores(service.stub, "cup-7") == {"opens-a-connection-7": 1, "under-way-7": 1}


async def test_every_call_around_the_stop_is_answered_or_sent_elsewhere(
    service: ServiceProcess, listener: str
) -> None:
    """A caller meets UNAVAILABLE, which retries understand; from grpcio with the reason.

    The front finishes every call that reaches it, and has callers leave before they send more.
    """
    met: list[grpc.StatusCode | Refusal] = []

    async def call(caller: int) -> None:
        goes_on = True
        while goes_on:
            try:
                await add(service.stub, f"cup-{caller % 10}", f"user-{caller}", 1)
                met.append(grpc.StatusCode.OK)
            except grpc.aio.AioRpcError as error:
                # Once the server is gone it is the transport that says so, without details.
                told = rpc_status.from_call(error)
                met.append(Refusal.of(status_of(error)) if told else error.code())
                goes_on = False

    async with asyncio.TaskGroup() as group:
        for caller in range(100):
            group.create_task(call(caller))
        await eventually(lambda: len(met) > 200, "some calls")
        service.ask_to_stop()

    legal = (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE, draining())
    assert not [status for status in met if status not in legal]
    assert (draining() in met) == (listener == "grpcio")
    assert await service.process.exited() == 0


async def test_nobody_can_hold_up_the_stop(service: ServiceProcess) -> None:
    """A watcher that reads nothing and a health check that stays don't keep the server alive."""
    await add(service.stub, "cup", "ada", 1)
    silent = service.stub.WatchContest(
        pb.WatchContestRequest(contest_id="cup", scope=pb.WATCH_SCOPE_ALL)
    )
    await silent.read()
    health = health_pb2_grpc.HealthStub(service.channel)
    watch = health.Watch(health_pb2.HealthCheckRequest())
    await watch.read()
    name = "🏆" * 128
    for batch in range(20):
        updates = [
            pb.UpdateScoreRequest(
                contest_id="cup", user_id=f"user-{batch}-{number}", display_name=name
            )
            for number in range(200)
        ]
        await service.stub.BatchUpdateScores(pb.BatchUpdateScoresRequest(updates=updates))

    assert await service.terminate() == 0


async def test_a_stop_with_the_store_away(service: ServiceProcess, own_store: StoreProcess) -> None:
    """A server stops as cleanly when the store can't be reached."""
    await own_store.kill()

    assert await service.terminate() == 0

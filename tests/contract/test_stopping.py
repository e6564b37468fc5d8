"""Stopping: on SIGTERM or SIGINT a server ends watches, finishes open calls, and exits."""

import asyncio
import signal
from collections.abc import Awaitable
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from contract.rejections import Rejection, draining
from harness.calls import DEADLINE_S, add, scores
from harness.proxy import StoreProxy
from harness.service import SERVICE_NAME, ServiceProcess
from harness.statuses import status_of
from harness.stores import StoreProcess
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_watches_end_and_resume_on_another_server(
    service: ServiceProcess, own_store: StoreProcess, tmp_path: Path, stop: signal.Signals
) -> None:
    """Each watch ends with DRAINING; a resume at its position misses no change."""
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


async def test_health_changes_and_new_calls_are_rejected(
    service: ServiceProcess,
) -> None:
    """Watches of the health get NOT_SERVING, and new calls UNAVAILABLE."""
    await add(service.stub, "cup", "ada", 1)
    health = health_pb2_grpc.HealthStub(service.channel)
    watches = [
        health.Watch(health_pb2.HealthCheckRequest(service=name)) for name in ("", SERVICE_NAME)
    ]
    for watch in watches:
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING

    async def rejected() -> bool:
        try:
            await add(service.stub, "cup", "ada", 1)
        except grpc.aio.AioRpcError as error:
            return error.code() == grpc.StatusCode.UNAVAILABLE
        return False

    service.ask_to_stop()

    for watch in watches:
        async with asyncio.timeout(DEADLINE_S):
            assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
    await eventually(rejected, "UNAVAILABLE for new calls")
    for watch in watches:
        watch.cancel()
    assert await service.process.exited() == 0


async def test_open_calls_are_finished(own_store: StoreProcess, tmp_path: Path) -> None:
    """A write that was sent before the signal is acknowledged after it, and kept."""
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
        interceptors = [proxy.intercept("EVALSHA", holding=b"open-%d" % cup) for cup in range(10)]
        calls = asyncio.gather(*write("open"))
        for interceptor in interceptors:
            await interceptor.forwarded()

        service.ask_to_stop()

        log = service.process.log
        await eventually(lambda: "stopping" in log.read_text(), "the beginning of the stop")
        assert not calls.done()
        assert [answer.user.rank for answer in await calls] == [2] * 10
        assert await service.process.exited() == 0
        proxy.delay = 0
        await service.start()
        assert await scores(service.stub, "cup-7") == {"opens-a-connection-7": 1, "open-7": 1}


async def test_every_call_around_the_stop_succeeds_or_is_unavailable(
    service: ServiceProcess, listener: str
) -> None:
    """Each call succeeds or gets a status that can be retried; that of grpcio has the reason.

    The front finishes every call that reaches it, and sends GOAWAY before more are sent.
    """
    met: list[grpc.StatusCode | Rejection] = []

    async def call(caller: int) -> None:
        more_writes = True
        while more_writes:
            try:
                await add(service.stub, f"cup-{caller % 10}", f"user-{caller}", 1)
                met.append(grpc.StatusCode.OK)
            except grpc.aio.AioRpcError as error:
                # after the end of the server, the status is of the client, without details
                details = rpc_status.from_call(error)
                met.append(Rejection.of(status_of(error)) if details else error.code())
                more_writes = False

    async with asyncio.TaskGroup() as group:
        for caller in range(100):
            group.create_task(call(caller))
        await eventually(lambda: len(met) > 200, "some calls")
        service.ask_to_stop()

    legal = (grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE, draining())
    assert not [status for status in met if status not in legal]
    assert (draining() in met) == (listener == "grpcio")
    assert await service.process.exited() == 0


async def test_no_client_can_delay_the_stop(service: ServiceProcess) -> None:
    """A watcher that reads nothing and an open watch of the health do not delay the stop."""
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


async def test_a_stop_with_the_store_down(service: ServiceProcess, own_store: StoreProcess) -> None:
    """A server also stops gracefully when the store can't be reached."""
    await own_store.kill()

    assert await service.terminate() == 0

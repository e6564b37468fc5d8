"""Promise 9, durability: acknowledged writes survive a kill of the service and of the store."""

import asyncio
from collections import Counter
from pathlib import Path

import grpc
import psutil

from harness.calls import add, scores
from harness.load import Load
from harness.processes import is_running
from harness.service import ServiceProcess
from harness.statuses import status_of
from harness.stores import StoreProcess
from harness.waiting import eventually


async def test_writes_survive_a_kill_of_the_store_under_load(
    service: ServiceProcess, own_store: StoreProcess
) -> None:
    """Every acknowledged write is kept once, and the service recovers."""
    async with Load(service.stub, "cup") as load:
        for _ in range(2):
            await load.more_writes(200)
            await own_store.kill()
            await own_store.start()
        await load.more_writes(200)

    assert load.errors
    for error in load.errors:
        status = status_of(error)
        assert status.code is grpc.StatusCode.UNAVAILABLE
        assert status.reason == "ERROR_REASON_STORE_UNAVAILABLE"
        assert status.retry_after is not None
    assert await scores(service.stub, "cup") == load.scores


async def test_writes_on_the_embedded_store_survive_a_kill_of_the_service(tmp_path: Path) -> None:
    """The next start works at once, has every acknowledged write, and leaves no old store."""
    async with ServiceProcess(tmp_path / "service", data_dir=tmp_path / "data") as service:
        async with Load(service.stub, "cup") as load:
            for _ in range(2):
                await load.more_writes(200)
                stores = _stores_of(service)
                assert len(stores) == 1
                await service.kill()
                await service.start()
                await eventually(lambda: not is_running(stores[0]), "the end of the old store")  # noqa: B023
            await load.more_writes(200)

        assert await scores(service.stub, "cup") == load.scores
        stores = _stores_of(service)
        assert len(stores) == 1
        assert await service.terminate() == 0
        assert not is_running(stores[0])


def _stores_of(service: ServiceProcess) -> list[int]:
    return [child.pid for child in psutil.Process(service.process.pid).children(recursive=True)]


async def test_writes_survive_a_stop_of_the_service_under_load(service: ServiceProcess) -> None:
    """Acknowledged writes are kept; writes rejected with SERVER_DRAINING are not applied."""
    acknowledged: Counter[str] = Counter()
    not_applied: set[str] = set()
    unknown: set[str] = set()

    async def write_until_rejected(user_id: str) -> None:
        while True:
            try:
                await add(service.stub, "cup", user_id, 1)
            except grpc.aio.AioRpcError as error:
                (not_applied if _rejected_by_the_service(error) else unknown).add(user_id)
                return
            acknowledged[user_id] += 1

    clients = asyncio.gather(*(write_until_rejected(f"user-{n}") for n in range(20)))
    await eventually(lambda: acknowledged.total() >= 200, "200 acknowledged writes")
    exit_code = await service.terminate()
    await clients
    await service.start()

    assert exit_code == 0
    found = await scores(service.stub, "cup")
    for user_id in not_applied:
        assert found[user_id] == acknowledged[user_id]
    for user_id in unknown:
        assert found[user_id] - acknowledged[user_id] in {0, 1}


def _rejected_by_the_service(error: grpc.aio.AioRpcError) -> bool:
    """Return whether the service sent this error; an error of the connection has no details."""
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    if "grpc-status-details-bin" not in dict(error.trailing_metadata() or ()):
        return False
    status = status_of(error)
    assert status.reason == "ERROR_REASON_SERVER_DRAINING"
    assert status.retry_after is not None
    return True

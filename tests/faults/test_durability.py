"""Durable: what was acknowledged survives the death of the service and of the store."""

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


async def test_durable_when_the_store_is_killed_under_load(
    service: ServiceProcess, own_store: StoreProcess
) -> None:
    """Every acknowledged write is there again, each once, and the service goes on by itself."""
    async with Load(service.stub, "cup") as load:
        for _ in range(2):
            await load.goes_on(200)
            await own_store.kill()
            await own_store.start()
        await load.goes_on(200)

    assert load.refusals
    for refusal in load.refusals:
        status = status_of(refusal)
        assert status.code is grpc.StatusCode.UNAVAILABLE
        assert status.reason == "ERROR_REASON_STORE_UNAVAILABLE"
        assert status.retry_after is not None
    assert await scores(service.stub, "cup") == load.scores


async def test_durable_on_the_embedded_store_when_the_service_is_killed(tmp_path: Path) -> None:
    """The next start works at once, has every acknowledged write, and no store is left over."""
    async with ServiceProcess(tmp_path / "service", data_dir=tmp_path / "data") as service:
        async with Load(service.stub, "cup") as load:
            for _ in range(2):
                await load.goes_on(200)
                stores = _stores_of(service)
                assert len(stores) == 1
                await service.kill()
                await service.start()
                await eventually(lambda: not is_running(stores[0]), "the end of the old store")  # noqa: B023
            await load.goes_on(200)

        assert await scores(service.stub, "cup") == load.scores
        stores = _stores_of(service)
        assert len(stores) == 1
        assert await service.terminate() == 0
        assert not is_running(stores[0])


def _stores_of(service: ServiceProcess) -> list[int]:
    return [child.pid for child in psutil.Process(service.process.pid).children(recursive=True)]


async def test_durable_when_the_service_stops_under_load(service: ServiceProcess) -> None:
    """Acknowledged writes are kept; one that was refused because the server drains wasn't made."""
    acknowledged: Counter[str] = Counter()
    unmade: set[str] = set()
    unknown: set[str] = set()

    async def write_until_refused(user_id: str) -> None:
        while True:
            try:
                await add(service.stub, "cup", user_id, 1)
            except grpc.aio.AioRpcError as error:
                (unmade if _refused_by_the_service(error) else unknown).add(user_id)
                return
            acknowledged[user_id] += 1

    clients = asyncio.gather(*(write_until_refused(f"user-{n}") for n in range(20)))
    await eventually(lambda: acknowledged.total() >= 200, "200 acknowledged writes")
    exit_code = await service.terminate()
    await clients
    await service.start()

    assert exit_code == 0
    found = await scores(service.stub, "cup")
    for user_id in unmade:
        assert found[user_id] == acknowledged[user_id]
    for user_id in unknown:
        assert found[user_id] - acknowledged[user_id] in {0, 1}


def _refused_by_the_service(error: grpc.aio.AioRpcError) -> bool:
    """Tell a refusal of the service from a connection that is gone, which has no details."""
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    if "grpc-status-details-bin" not in dict(error.trailing_metadata() or ()):
        return False
    status = status_of(error)
    assert status.reason == "ERROR_REASON_SERVER_DRAINING"
    assert status.retry_after is not None
    return True

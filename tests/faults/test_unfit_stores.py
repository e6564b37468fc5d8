"""Promises 8 and 9: a store that can't keep the promises is reported, and not served if need be."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio

from conftest import require
from harness.calls import add, scores
from harness.service import ServiceProcess
from harness.statuses import status_of
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually


@pytest_asyncio.fixture(name="primary", params=list(Flavour))
async def _primary(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[StoreProcess]:
    """Yield a store of each kind."""
    require(request.param)
    store = StoreProcess(request.param, tmp_path / "primary")
    await store.start()
    yield store
    store.end()


@pytest_asyncio.fixture(name="replica")
async def _replica(primary: StoreProcess, tmp_path: Path) -> AsyncIterator[StoreProcess]:
    """Yield a replica of `primary`, in step with it, that a server of another test wrote to."""
    async with ServiceProcess(tmp_path / "writer", redis_url=primary.url) as writer:
        await add(writer.stub, "cup", "ada", 5)
    store = StoreProcess(primary.flavour, tmp_path / "replica")
    await store.start()
    async with primary.client() as above, store.client() as client:
        await above.config_set("repl-diskless-sync-delay", "0")
        await client.replicaof("127.0.0.1", str(primary.port))

        async def has_data() -> bool:
            return bool(await client.dbsize() == await above.dbsize())

        await eventually(has_data, "a replica in step")
    yield store
    store.end()


def _entries(service: ServiceProcess, event: str) -> list[dict[str, Any]]:
    log = service.process.log
    lines = log.read_text().splitlines() if log.exists() else []
    entries = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [entry for entry in entries if entry["event"] == event]


async def _becomes(service: ServiceProcess, health: str) -> None:
    async def is_reached() -> bool:
        return await service.health() == health

    await eventually(is_reached, health, within=20)


async def test_a_server_on_a_replica_does_not_serve(replica: StoreProcess, tmp_path: Path) -> None:
    """It is NOT_SERVING with an error in the log, until the replica is promoted; reads answer."""
    service = ServiceProcess(tmp_path / "service", redis_url=replica.url)
    try:
        service.launch()
        await _becomes(service, "NOT_SERVING")
        await eventually(lambda: bool(_entries(service, "store_is_replica")), "the error")

        assert await scores(service.stub, "cup") == {"ada": 5}
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await add(service.stub, "cup", "ada", 1)
        status = status_of(failed.value)
        assert status.reason == "ERROR_REASON_STORE_UNAVAILABLE"
        assert status.metadata == {"cause": "read_only"}
        assert await service.health() == "NOT_SERVING"
        (entry,) = _entries(service, "store_is_replica")
        assert entry["level"] == "error"

        async with replica.client() as client:
            await client.replicaof("NO", "ONE")
        await _becomes(service, "SERVING")
        await add(service.stub, "cup", "ada", 1)
        assert await scores(service.stub, "cup") == {"ada": 6}
    finally:
        await service.close()


async def test_a_primary_that_is_demoted_is_not_served(
    primary: StoreProcess, tmp_path: Path
) -> None:
    """A store that becomes a replica while a server uses it is noticed, without any call."""
    async with ServiceProcess(tmp_path / "service", redis_url=primary.url) as service:
        async with primary.client() as client:
            await client.replicaof("127.0.0.1", "1")

        await _becomes(service, "NOT_SERVING")
        await eventually(lambda: bool(_entries(service, "store_is_replica")), "the error")


async def test_settings_that_lose_data_are_warnings(primary: StoreProcess, tmp_path: Path) -> None:
    """At the start each setting that breaks a promise is one warning, and the server serves."""
    async with primary.client() as client:
        await client.config_set("appendfsync", "no")
        await client.config_set("maxmemory-policy", "allkeys-lru")

    async with ServiceProcess(tmp_path / "service", redis_url=primary.url) as service:
        entries = _entries(service, "store_setting")

    assert [entry["level"] for entry in entries] == ["warning"] * 2
    assert [entry["subject"] for entry in entries] == [
        "setting maxmemory-policy",
        "setting appendfsync",
    ]
    assert "promise 9" in entries[1]["reason"]

"""Fixtures of the attacks: a server on each listener, which all short attacks share."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from attacks.attacked import attacked_service
from harness.service import ServiceProcess
from harness.stores import Flavour, StoreProcess


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="attacked_store")
async def _attacked_store(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[StoreProcess]:
    """Yield a Valkey for the attacked servers alone."""
    store = StoreProcess(Flavour.VALKEY, tmp_path_factory.mktemp("attacked-store"))
    await store.start()
    yield store
    store.end()


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="attacked")
async def _attacked(
    listener: str, attacked_store: StoreProcess, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServiceProcess]:
    """Yield a server that all short attacks share, one after the other."""
    folder = tmp_path_factory.mktemp("attacked")
    async with attacked_service(listener, attacked_store, folder) as service:
        yield service
        assert '"internal_error"' not in service.process.log.read_text()

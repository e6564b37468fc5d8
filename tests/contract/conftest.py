"""Fixtures of the contract tests: one service for all tests, on each kind of store."""

import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from contract.edge import Edge
from harness.service import ServiceProcess, listening_with
from harness.stores import StoreProcess

_contests = itertools.count(1)


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="edge")
async def _edge(
    shared_store: StoreProcess, listener: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Edge]:
    """Yield a service for all tests, and check at their end that it logged no internal error."""
    folder = tmp_path_factory.mktemp("edge")
    with listening_with(listener):
        service = ServiceProcess(folder, redis_url=shared_store.url)
    async with (
        service,
        shared_store.client() as client,
    ):
        yield Edge(service, client)
        assert '"internal_error"' not in service.process.log.read_text()


@pytest.fixture(autouse=True)
def _everything_on_each_listener(on_each_listener: None) -> None:
    """Run all tests of the contract on each listener."""


@pytest.fixture(name="contest_id")
def _contest_id() -> str:
    """Return a contest id that no other test uses."""
    return f"contest-{next(_contests)}"

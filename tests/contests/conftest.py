"""Fixtures of the tests of contests: a store whose clock the test sets, and servers on it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from contests.seasonal import BEGIN_MS
from harness.cluster_store import Store
from harness.local_server import LocalServer, local_server
from harness.store_clock import StoreClock, store_clock_in_use
from harness.store_kinds import run_on_clusters_too


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run all tests on clusters too."""
    run_on_clusters_too(metafunc)


@pytest.fixture(name="clock")
def _clock(store: Store) -> Iterator[StoreClock]:
    """Yield the clock of the store, which stands still at first."""
    with store_clock_in_use(), StoreClock(store.url) as clock:
        clock.set(BEGIN_MS)
        yield clock


@pytest_asyncio.fixture(name="server")
async def _server(store: Store, clock: StoreClock) -> AsyncIterator[LocalServer]:
    """Yield a server on a store whose clock the test sets."""
    assert clock.read() == BEGIN_MS
    async with local_server(store.url) as server:
        yield server


@pytest_asyncio.fixture(name="servers")
async def _servers(
    store: Store, server: LocalServer
) -> AsyncIterator[tuple[LocalServer, LocalServer]]:
    """Yield two servers on that store."""
    async with local_server(store.url) as other:
        yield server, other

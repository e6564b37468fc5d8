"""Fixtures of the tests on clusters: one of each kind that all tests share, and a server on it."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from conftest import require
from harness.cluster import ClusterStores
from harness.stores import Flavour
from leaderboard_server.storage.backend import ClusterBackend, open_backend


@pytest_asyncio.fixture(
    scope="session", loop_scope="session", name="shared_cluster", params=list(Flavour)
)
async def _shared_cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ClusterStores]:
    """Yield a cluster of each kind, whose nodes no test may stop; slots may move."""
    require(request.param)
    async with ClusterStores(request.param, tmp_path_factory.mktemp("cluster")) as stores:
        yield stores


@pytest_asyncio.fixture(name="backend")
async def _backend(shared_cluster: ClusterStores) -> AsyncIterator[ClusterBackend]:
    """Yield the connections of a server to the cluster."""
    backend = open_backend(shared_cluster.url)
    assert isinstance(backend, ClusterBackend)
    yield backend
    await backend.close()

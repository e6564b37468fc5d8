"""Fixtures of the tests on clusters: one of each kind that all tests share, and scripted nodes."""

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from conftest import require
from harness.cluster import ClusterStores
from harness.stores import Flavour
from leaderboard_server.storage.backend import ClusterBackend, open_backend
from storage.cluster.scripted_cluster import Caller, ScriptedCluster
from storage.cluster.scripted_node import ScriptedNode


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


@pytest_asyncio.fixture(name="scripted")
async def _scripted() -> AsyncIterator[ScriptedCluster]:
    """Yield a cluster whose replies the test chooses."""
    async with contextlib.AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(ScriptedNode()) for _ in range(3)]
        yield ScriptedCluster(nodes)


@pytest_asyncio.fixture(name="on_scripted")
async def _on_scripted(scripted: ScriptedCluster) -> AsyncIterator[ClusterBackend]:
    """Yield the connections of a server to that."""
    backend = open_backend(scripted.url)
    assert isinstance(backend, ClusterBackend)
    yield backend
    await backend.close()


@pytest.fixture(name="caller")
def _caller(on_scripted: ClusterBackend) -> Caller:
    """Return what runs a script on the scripted cluster."""
    return Caller(on_scripted)

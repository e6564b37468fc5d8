"""Fixtures of all tests: stores, servers in this process, and the service as a process."""

import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis

# gRPC reads this when it is imported. Otherwise it writes lines of its own to stderr, into what the
# command writes when a test runs it in this process.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from clients.languages import LANGUAGES, PRESENT
from harness.cluster_store import ClusterStore, Store
from harness.node import Node, running_node
from harness.proxy import StoreProxy
from harness.service import LISTENERS, ServiceProcess, listening_with
from harness.store_kinds import ClusterKind, SharedClusters, is_of_a_cluster
from harness.stores import Flavour, StoreProcess
from leaderboard_server.replication import log_followers

# Modules of the model whose failed assertions show both sides; other folders import them too.
for name in ("machine", "reads", "settings", "watch", "remote"):
    pytest.register_assert_rewrite(f"model.{name}")


def pytest_configure() -> None:
    """Restore the handler of Ctrl-C: a shell ignores it for jobs in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that other make targets run.

    Those are the tests of the gateway and its page, and those of clusters on all listeners but the
    last one: a listener has nothing to do with the store, and the other stores run on each.
    """
    folders = {Path(__file__).with_name(name) for name in ("browser", "web")}
    for item in items:
        if not folders.isdisjoint(item.path.parents):
            item.add_marker("web")
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        listener = parameters.get("listener", LISTENERS[-1])
        if listener != LISTENERS[-1] and is_of_a_cluster(parameters):
            item.add_marker("slow")


def pytest_report_header() -> str:
    """Return the line that names the tested listeners."""
    left_out = "" if "front" in LISTENERS else ": NOT THE FRONT, which `make front` installs"
    clients = ", ".join(language.name for language in PRESENT)
    missing = [f"CLIENT {language.missing}" for language in LANGUAGES if language.missing]
    return "\n".join(
        [f"listeners: {', '.join(LISTENERS)}{left_out}", f"clients: {clients}", *missing]
    )


@pytest.fixture(scope="session", name="listener", params=LISTENERS)
def _listener(request: pytest.FixtureRequest) -> str:
    """Return each listener that is installed."""
    name: str = request.param
    return name


@pytest.fixture(name="on_each_listener")
def _on_each_listener(listener: str) -> Iterator[None]:
    """Run a test on each listener."""
    with listening_with(listener):
        yield


def require(flavour: Flavour) -> None:
    """Skip a test if its store is not installed; fail it if `CI` is set."""
    if flavour.executable() is None:
        reason = f"no executable of {flavour} in PATH: its half of the store tests is left out"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session", name="shared_clusters")
def _shared_clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedClusters]:
    clusters = SharedClusters(tmp_path_factory.mktemp)
    yield clusters
    clusters.end()


@pytest_asyncio.fixture(
    scope="session", loop_scope="session", name="shared_store", params=list(Flavour)
)
async def _shared_store(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    shared_clusters: SharedClusters,
) -> AsyncIterator[Store]:
    if isinstance(request.param, ClusterKind):
        require(request.param.flavour)
        yield await shared_clusters.empty(request.param.flavour)
        return
    require(request.param)
    store = StoreProcess(request.param, tmp_path_factory.mktemp(request.param))
    await store.start()
    yield store
    store.end()


@pytest_asyncio.fixture(name="store")
async def _store(shared_store: Store) -> Store:
    """Return an empty store that all tests share, so no test may stop or freeze it."""
    async with shared_store.client() as client:
        await client.flushall()
    return shared_store


@pytest_asyncio.fixture(name="redis")
async def _redis(store: Store) -> AsyncIterator[Redis]:
    """Yield a client of the store that the servers are on."""
    async with store.client() as client:
        yield client


@pytest_asyncio.fixture(name="node")
async def _node(store: Store) -> AsyncIterator[Node]:
    """Yield a server on a real and empty store, once its feed is up."""
    async with running_node(store.url) as node:
        yield node


@pytest_asyncio.fixture(name="other")
async def _other(store: Store) -> AsyncIterator[Node]:
    """Yield a second server on the same store."""
    async with running_node(store.url) as node:
        yield node


@pytest_asyncio.fixture(name="proxy")
async def _proxy(store: Store) -> AsyncIterator[StoreProxy]:
    """Yield a proxy in front of the store that can break connections."""
    async with StoreProxy(*store.ports) as proxy:
        yield proxy


@pytest.fixture(name="never_compared")
def _never_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn off the periodic comparison of log followers with the store."""
    monkeypatch.setattr(log_followers, "VERIFY_S", 3_600.0)


@pytest_asyncio.fixture(name="own_store")
async def _own_store(
    request: pytest.FixtureRequest, tmp_path: Path, shared_clusters: SharedClusters
) -> AsyncIterator[Store]:
    """Yield a store of the test's own, which it may stop or break: Valkey, or as it asks for."""
    kind: Flavour | ClusterKind = getattr(request, "param", Flavour.VALKEY)
    if isinstance(kind, ClusterKind) and not kind.is_own:
        require(kind.flavour)
        yield await shared_clusters.empty(kind.flavour)
        return
    async with _new_store(kind, tmp_path / "store") as store:
        yield store


@pytest_asyncio.fixture(name="each_store", params=list(Flavour))
async def _each_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Yield a store of the test's own, of each kind."""
    async with _new_store(request.param, tmp_path / "store") as store:
        yield store


@contextlib.asynccontextmanager
async def _new_store(kind: Flavour | ClusterKind, folder: Path) -> AsyncIterator[Store]:
    """Run a store for a block."""
    store: Store
    if isinstance(kind, ClusterKind):
        require(kind.flavour)
        store = ClusterStore(kind.flavour, folder)
    else:
        require(kind)
        store = StoreProcess(kind, folder)
    try:
        await store.start()
        yield store
    finally:
        store.end()


@pytest_asyncio.fixture(name="service")
async def _service(own_store: Store, tmp_path: Path) -> AsyncIterator[ServiceProcess]:
    """Yield a service process on `own_store`."""
    async with ServiceProcess(tmp_path / "service", redis_url=own_store.url) as service:
        yield service

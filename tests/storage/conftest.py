"""Fixtures of the storage tests: real stores, fakeredis, and a store with scripted replies."""

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import fakeredis
import pytest
import pytest_asyncio
from redis.asyncio import Redis, RedisCluster

from conftest import require
from harness.cluster import ClusterStores
from harness.fake_scripts import run_flagged_scripts
from harness.store_connection import CallingConnection
from harness.stores import Flavour, StoreProcess
from harness.uncounted import store_instruments
from harness.waiting import eventually
from leaderboard_server.storage import keys
from leaderboard_server.storage.backend import ClusterBackend, open_backend
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.storage.store_connection import StoreConnection
from storage.contest import CONTEST
from storage.scripted_store import ScriptedStore

NewStore = Callable[..., Store]
"""Makes the `Store` of one server process, with a token and a tracker of its own."""


@pytest_asyncio.fixture(name="redis")
async def _redis(store: StoreProcess) -> AsyncIterator[Redis]:
    """Yield the driver as the server opens it, on a real and empty store."""
    client = connect(store.url)
    yield client
    await client.aclose()


FAKE = "fakeredis"
_CLUSTERS = {f"{flavour}-cluster": flavour for flavour in Flavour}

NextMessage: TypeAlias = Callable[[], Awaitable[bytes]]
AnyStore: TypeAlias = StoreProcess | ClusterStores | None
"""A kind of store; None stands for fakeredis."""


@pytest_asyncio.fixture(
    scope="session",
    loop_scope="session",
    params=[
        *Flavour,
        FAKE,
        f"{Flavour.VALKEY}-cluster",
        pytest.param(f"{Flavour.REDIS}-cluster", marks=pytest.mark.slow),
    ],
)
async def any_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AnyStore]:
    """Yield each kind of store in turn."""
    if request.param == FAKE:
        yield None
    elif flavour := _CLUSTERS.get(request.param):
        require(flavour)
        folder = tmp_path_factory.mktemp(request.param)
        # No test ends a node; on a busy disk one that keeps its writes would be silent for long.
        async with ClusterStores(flavour, folder, appendonly="no") as stores:
            yield stores
    else:
        require(request.param)
        process = StoreProcess(request.param, tmp_path_factory.mktemp(request.param))
        await process.start()
        yield process
        process.end()


@pytest_asyncio.fixture(name="any_redis")
async def _any_redis(any_store: AnyStore) -> AsyncIterator[Redis]:
    """Yield an empty store of each kind, with the driver as the server opens it.

    For a cluster it is that of redis-py for clusters, which sends what has no key to all masters.
    """
    client: Any
    match any_store:
        case None:
            client = _fake_redis()
        case ClusterStores():
            client = RedisCluster(host="127.0.0.1", port=any_store.nodes[0].port)
        case StoreProcess():
            client = connect(any_store.url)
    await client.flushall()
    yield client
    await client.aclose()


def _fake_redis() -> Redis:
    server = fakeredis.FakeServer()
    run_flagged_scripts(server)
    return fakeredis.FakeAsyncRedis(server=server)


class DriverConnection(CallingConnection):
    """A connection through the driver, since fakeredis has no socket for a pipelined one."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis

    async def call(self, *command: Argument) -> Any:
        """See `PipelinedConnection.call`."""
        return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]


@pytest_asyncio.fixture(name="new_connection")
async def _new_connection(
    any_redis: Redis, any_store: AnyStore
) -> AsyncIterator[Callable[[], StoreConnection]]:
    """Yield a function that opens connections to one empty store of each kind."""
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(any_store, ClusterStores):
            backend = open_backend(any_store.url)
            assert isinstance(backend, ClusterBackend)
            stack.push_async_callback(backend.close)
            backend.cluster.start()
            await eventually(lambda: backend.cluster.settled, "what all nodes know")

        def make() -> StoreConnection:
            if any_store is None:
                return DriverConnection(any_redis)
            if isinstance(any_store, ClusterStores):
                return backend.writes
            connection = PipelinedConnection(any_redis)
            stack.push_async_callback(connection.close)
            return connection

        yield make


@pytest_asyncio.fixture(name="next_message")
async def _next_message(any_redis: Redis, any_store: AnyStore) -> AsyncIterator[NextMessage]:
    """Yield what waits for the next message in the channel of `CONTEST`."""
    async with contextlib.AsyncExitStack() as stack:
        redis, channel = any_redis, keys.channel(CONTEST)
        if isinstance(any_store, ClusterStores):
            master = any_store.master_of(CONTEST)
            redis, channel = connect(master.url), f"{channel}:{master.node_id}"
            stack.push_async_callback(redis.aclose)
        pubsub = await stack.enter_async_context(redis.pubsub())
        in_cluster = redis is not any_redis
        await (pubsub.ssubscribe if in_cluster else pubsub.subscribe)(channel)
        await pubsub.get_message(timeout=5)

        async def next_message() -> bytes:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
            assert message, "no message"
            data: bytes = message["data"]
            return data

        yield next_message


@pytest.fixture(name="new_store")
def _new_store(new_connection: Callable[[], StoreConnection], any_store: AnyStore) -> NewStore:
    """Return a function that makes the stores of several server processes, on one store."""

    def make(
        *, clock: Callable[[], float] = time.time, auto_create: bool = True, **retention: int
    ) -> Store:
        connection = new_connection()
        return Store(
            connection,
            connection,
            Retention(**retention),
            store_instruments(),
            auto_create=auto_create,
            clock=clock,
            in_cluster=isinstance(any_store, ClusterStores),
        )

    return make


@pytest_asyncio.fixture(name="scripted")
async def _scripted() -> AsyncIterator[ScriptedStore]:
    """Yield a store whose replies the test chooses."""
    async with ScriptedStore() as store:
        yield store


@pytest_asyncio.fixture(name="driver")
async def _driver(scripted: ScriptedStore) -> AsyncIterator[Redis]:
    """Yield the driver of that store."""
    driver = connect(scripted.url)
    yield driver
    await driver.aclose()

"""Fixtures of the storage tests: real stores, fakeredis, and a store with scripted replies."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import fakeredis
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from conftest import require
from harness.fake_scripts import run_flagged_scripts
from harness.store_connection import CallingConnection
from harness.stores import Flavour, StoreProcess
from harness.uncounted import store_instruments
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.storage.store_connection import StoreConnection
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


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=[*Flavour, FAKE])
async def any_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[StoreProcess | None]:
    """Yield each kind of store in turn; None stands for fakeredis."""
    if request.param == FAKE:
        yield None
        return
    require(request.param)
    process = StoreProcess(request.param, tmp_path_factory.mktemp(request.param))
    await process.start()
    yield process
    process.end()


@pytest_asyncio.fixture(name="any_redis")
async def _any_redis(any_store: StoreProcess | None) -> AsyncIterator[Redis]:
    """Yield an empty store of each kind, with the driver as the server opens it."""
    client = connect(any_store.url) if any_store else _fake_redis()
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
    any_redis: Redis, any_store: StoreProcess | None
) -> AsyncIterator[Callable[[], StoreConnection]]:
    """Yield a function that opens connections to one empty store of each kind."""
    async with contextlib.AsyncExitStack() as stack:

        def make() -> StoreConnection:
            if any_store is None:
                return DriverConnection(any_redis)
            connection = PipelinedConnection(any_redis)
            stack.push_async_callback(connection.close)
            return connection

        yield make


@pytest.fixture(name="new_store")
def _new_store(new_connection: Callable[[], StoreConnection]) -> NewStore:
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

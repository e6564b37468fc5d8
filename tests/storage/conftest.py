"""Stores to test the storage layer on: real ones and, for what it can do, fakeredis."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import fakeredis
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from conftest import require
from harness.stores import Flavour, StoreProcess
from leaderboard_server.storage.calls import Caller
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import Argument, PipelinedConnection
from leaderboard_server.storage.store import Retention, Store

NewStore = Callable[..., Store]
"""Makes what a server process has: a `Store` with a token and a memory of its own."""


@pytest_asyncio.fixture(name="redis")
async def _redis(store: StoreProcess) -> AsyncIterator[Redis]:
    """Give the driver as the service opens it, on a real and empty store."""
    client = connect(store.url)
    yield client
    await client.aclose()


FAKE = "fakeredis"


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=[*Flavour, FAKE])
async def any_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[StoreProcess | None]:
    """Give each kind of store in turn; None stands for fakeredis."""
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
    """Give an empty store of each kind, with the driver as the service opens it."""
    client = connect(any_store.url) if any_store else fakeredis.FakeAsyncRedis()
    await client.flushall()
    yield client
    await client.aclose()


class ThroughDriver:
    """Calls a store through the driver, as fakeredis has no connection that a link could use."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def call(self, *command: Argument) -> Any:
        """See `PipelinedConnection.call`."""
        return await self._redis.execute_command(*command)  # type: ignore[no-untyped-call]


@pytest_asyncio.fixture(name="new_store")
async def _new_store(any_redis: Redis, any_store: StoreProcess | None) -> AsyncIterator[NewStore]:
    """Give what several server processes have on one store."""
    async with contextlib.AsyncExitStack() as stack:

        def make(*, clock: Callable[[], float] = time.time, **retention: int) -> Store:
            if any_store is None:
                caller: Caller = ThroughDriver(any_redis)
            else:
                caller = link = PipelinedConnection(any_redis)
                stack.push_async_callback(link.close)
            return Store(caller, caller, Retention(**retention), clock=clock)

        yield make

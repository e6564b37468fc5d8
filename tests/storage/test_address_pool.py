"""The pool of one address: which connections stay when the address leads to another store."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionLost
from structlog.testing import capture_logs

from harness.proxy import StoreProxy
from harness.stores import Flavour, StoreProcess
from harness.waiting import eventually
from leaderboard_server.storage import monitor
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.monitor import Monitor
from leaderboard_server.storage.pipelined_connection import PipelinedConnection


@pytest_asyncio.fixture(name="other_store")
async def _other_store(tmp_path: Path) -> AsyncIterator[StoreProcess]:
    """Yield a second Valkey."""
    store = StoreProcess(Flavour.VALKEY, tmp_path / "other")
    await store.start()
    yield store
    store.end()


async def _opened(driver: Redis) -> AbstractConnection:
    pool: Any = driver.connection_pool  # the driver leaves its methods without types
    connection: AbstractConnection = pool.make_connection()
    await connection.connect()  # type: ignore[no-untyped-call]
    return connection


async def _never(*, serving: bool) -> None:
    """Ignore the state of the store."""


async def test_a_primary_that_stays_one_is_left_at_the_next_check(
    own_store: StoreProcess, other_store: StoreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the address has moved, a check closes the connections to the store before, once."""
    monkeypatch.setattr(monitor, "CHECK_INTERVAL_S", 0.0)
    monkeypatch.setattr(monitor, "PING_INTERVAL_S", 0.05)
    structlog.reset_defaults()
    with capture_logs() as log:
        async with (
            StoreProxy(own_store.port) as address,
            connect(address.url) as driver,
            contextlib.aclosing(_Reading(driver)) as reading,
        ):
            assert await reading.port() == own_store.port
            address.lead_to(other_store.port)

            async def moved() -> bool:
                with contextlib.suppress(ConnectionLost):  # it is closed while the call is made
                    return await reading.port() == other_store.port
                return False

            await eventually(moved, "reads of the other store")
        replaced = [entry for entry in log if entry["event"] == "store_replaced"]
    assert len(replaced) == 1


class _Reading:
    """A connection that reads, beside a monitor of the same driver."""

    def __init__(self, driver: Redis) -> None:
        self._connection = PipelinedConnection(driver)
        self._monitor = Monitor(driver, _never)
        self._monitor.start()

    async def port(self) -> int:
        """Return the port of the store at the other end."""
        info: bytes = await self._connection.call("INFO", "server")
        (line,) = [line for line in info.splitlines() if line.startswith(b"tcp_port:")]
        return int(line.partition(b":")[2])

    async def aclose(self) -> None:
        """End both."""
        await self._monitor.close()
        await self._connection.close()


async def test_a_replica_closes_no_connection(
    own_store: StoreProcess, other_store: StoreProcess
) -> None:
    """A name that leads to the new primary and to the former one in turn does not go back."""
    async with other_store.client() as replica:
        await replica.replicaof("127.0.0.1", str(own_store.port))
    async with StoreProxy(own_store.port) as address, connect(address.url) as driver:
        to_primary = await _opened(driver)
        address.lead_to(other_store.port)
        to_replica = await _opened(driver)
        assert to_primary.is_connected

        address.lead_to(own_store.port)
        again = await _opened(driver)

        assert (to_primary.is_connected, to_replica.is_connected) == (True, False)
        for connection in (to_primary, again):
            await connection.disconnect()


async def test_a_user_without_info_is_served(
    own_store: StoreProcess, other_store: StoreProcess
) -> None:
    """Connections of a user without the right to INFO open, and stay where they are."""
    for store in (own_store, other_store):
        async with store.client() as client:
            execute: Any = client.execute_command
            await execute("ACL", "SETUSER", "default", "-info")
    async with StoreProxy(own_store.port) as address, connect(address.url) as driver:
        first = await _opened(driver)
        address.lead_to(other_store.port)
        second = await _opened(driver)

        assert (first.is_connected, second.is_connected) == (True, True)
        for connection in (first, second):
            await connection.disconnect()

"""The feed on a connection that the test controls."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from redis.asyncio import Redis

from harness.uncounted import replication_instruments
from harness.waiting import eventually
from leaderboard_server.replication.single_feed import SingleFeed


class BrokenConnection:
    """A connection that opens, and fails each heartbeat as uvloop does on a closed transport."""

    opened = 0

    def __init__(self) -> None:
        self.is_connected = False
        self._disconnected = asyncio.Event()

    async def connect(self) -> None:
        """Open the connection."""
        BrokenConnection.opened += 1
        self.is_connected = True

    async def send_command(self, *_command: str) -> None:
        """Fail."""
        raise RuntimeError("the handler is closed")

    async def read_response(self, **_options: Any) -> None:
        """Fail once the connection is closed, and not before."""
        await self._disconnected.wait()
        raise ConnectionError

    async def disconnect(self, **_options: Any) -> None:
        """Close the connection."""
        self.is_connected = False
        self._disconnected.set()


async def test_any_failure_of_a_heartbeat_replaces_the_connection() -> None:
    """Also an error that the driver does not translate; and the feed can be closed meanwhile."""
    pool = SimpleNamespace(make_connection=BrokenConnection)
    driver = cast("Redis", SimpleNamespace(connection_pool=pool))
    feed = SingleFeed(driver, replication_instruments())
    feed.start()
    try:
        await eventually(lambda: BrokenConnection.opened > 1, "another connection is opened")
    finally:
        async with asyncio.timeout(1):
            await feed.close()

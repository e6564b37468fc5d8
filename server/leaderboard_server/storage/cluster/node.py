"""A node of a cluster: the connections to it, and whether it answers."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as StoreTimeout

from leaderboard_server.storage.addresses import Address
from leaderboard_server.storage.cluster.topology import View, decode_view
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.tasks import BackgroundTask

POLL_INTERVAL_S = 0.5
"""How often each node is asked what it knows of the cluster."""
POLL_TIMEOUT_S = 1.0
"""How long its answer may take; it needs milliseconds."""
_CLOSED = "the node serves no slot any more"


class NodeObserver(Protocol):
    """Gets what a node says."""

    def on_view(self, node: "ClusterNode", view: View) -> None:
        """The node answered with what it knows of the cluster."""

    def on_away(self, node: "ClusterNode") -> None:
        """The node does not answer."""

    def redirection(self, node: "ClusterNode", kind: str, text: str) -> Exception | None:
        """Return the error for an error reply of a node that did not run a command.

        None for any other reply. The kind is that of the connection, `writes` or `reads`.
        """


class ClusterNode:
    """A node. Polled from `start` to `close`.

    Attributes:
        address: Where it is.
        driver: Opens further connections to it.
        writes: The connection for commits.
        reads: The connection for reads.
        away: Makes the error of calls, which fail at once since it did not answer. None while it
            answers, and before it was asked for the first time.
    """

    def __init__(self, address: Address, driver: Redis, observer: NodeObserver) -> None:
        self.address = address
        self.driver = driver
        self.away: Callable[[], Exception] | None = None
        self._observer = observer
        self.writes = self._connection("writes")
        self.reads = self._connection("reads")
        self._due = asyncio.Event()
        self._polling = BackgroundTask(self._poll, name=f"poll-node-{address.port}")

    def __repr__(self) -> str:
        """Return its address, for logs of errors."""
        return f"{self.address.host}:{self.address.port}"

    def start(self) -> None:
        """Begin to poll."""
        self._polling.start()

    async def close(self) -> None:
        """Stop polling, and drop the connections."""
        await self._polling.close()
        await self.writes.close()
        await self.reads.close()
        await self.driver.aclose()

    def poll_now(self) -> None:
        """Ask for what the node knows as soon as possible."""
        self._due.set()

    def disconnect(self) -> None:
        """Drop the connections for calls, since other nodes serve the slots; later calls reopen."""
        for connection in (self.writes, self.reads):
            connection.disconnect(ConnectionLost(_CLOSED))

    def _connection(self, kind: str) -> PipelinedConnection:
        error_of: Callable[[str], Exception | None]
        error_of = partial(self._observer.redirection, self, kind)
        return PipelinedConnection(self.driver, error_of=error_of, on_lost=self.poll_now)

    async def _poll(self) -> None:
        failures = 0
        while True:
            self._due.clear()
            try:
                async with asyncio.timeout(POLL_TIMEOUT_S):
                    view = await self._read_view()
            except (RedisError, OSError) as error:
                failures += 1
                timed_out = isinstance(error, TimeoutError | StoreTimeout)
                if failures == 1 and not timed_out:
                    continue  # the connection of the poll may have broken alone
                text = f"{self!r}: {str(error) or 'no answer in time'}"
                self.away = partial(StoreTimeout if timed_out else ConnectionLost, text)
                self._observer.on_away(self)
            else:
                failures = 0
                self.away = None
                self._observer.on_view(self, view)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_INTERVAL_S):
                    await self._due.wait()

    async def _read_view(self) -> View:
        reply: Any = await self.driver.cluster("NODES")
        return decode_view(reply, self.address)

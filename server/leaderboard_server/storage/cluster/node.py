"""A node of a cluster: the connections to it, and whether it answers."""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import TimeoutError as StoreTimeout

from leaderboard_server.storage.addresses import Address
from leaderboard_server.storage.cluster.topology import View, decode_view
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.tasks import BackgroundTask

POLL_INTERVAL_S = 0.5
"""How often each node is asked what it knows of the cluster."""
POLL_SPACING_S = 0.1
"""The least time between two polls of a node, however many of its commands are redirected."""
POLL_TIMEOUT_S = 1.0
"""How long its answer may take; it needs milliseconds."""
POLL_GRACE_S = 0.05
"""How much longer it is waited for then: an answer that arrived may not have been read yet."""
REPLY_TIMEOUT_S = 1.0
"""How long it may send nothing while calls wait for it. Until it is known to hang, its calls take
slots of the listener: 700 of 1,000, where a third of 2,000 calls a second is for it."""
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
        away: Makes the error of calls, which fail at once since it did not answer, or not with what
            it knows. None while it does, and before it was asked for the first time.
    """

    def __init__(self, address: Address, driver: Redis, observer: NodeObserver) -> None:
        self.address = address
        self.driver = driver
        self.away: Callable[[], Exception] | None = None
        self._observer = observer
        self.writes = self._connection("writes")
        self.reads = self._connection("reads")
        self._due = asyncio.Event()
        self._next_ended = asyncio.Event()
        """Set at the end of the next poll to begin."""
        self._polling = BackgroundTask(self._poll_until_closed, name=f"poll-node-{address.port}")

    def __repr__(self) -> str:
        """Return its address, for logs of errors."""
        return str(self.address)

    def start(self) -> None:
        """Begin to poll."""
        self._polling.start()

    async def close(self) -> None:
        """Stop polling, and drop the connections."""
        await self._polling.close()
        self._next_ended.set()
        await self.writes.close()
        await self.reads.close()
        await self.driver.aclose()

    def poll_now(self) -> None:
        """Ask for what the node knows as soon as possible."""
        self._due.set()

    async def polled(self) -> None:
        """Wait for the end of a poll that begins from now on, or until the node is closed."""
        self.poll_now()
        await self._next_ended.wait()

    def disconnect(self) -> None:
        """Drop the connections for calls, since other nodes serve the slots; later calls reopen."""
        self._drop_calls(ConnectionLost(_CLOSED))

    def _drop_calls(self, error: Exception) -> None:
        for connection in (self.writes, self.reads):
            connection.disconnect(error)

    def _connection(self, kind: str) -> PipelinedConnection:
        error_of: Callable[[str], Exception | None]
        error_of = partial(self._observer.redirection, self, kind)
        return PipelinedConnection(
            self.driver,
            error_of=error_of,
            on_lost=self._on_lost,
            reply_timeout_s=REPLY_TIMEOUT_S,
        )

    async def _poll_until_closed(self) -> None:
        while True:
            self._due.clear()
            ended, self._next_ended = self._next_ended, asyncio.Event()
            try:
                await self._poll()
            finally:
                ended.set()
            await asyncio.sleep(POLL_SPACING_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_INTERVAL_S - POLL_SPACING_S):
                    await self._due.wait()

    async def _poll(self) -> None:
        try:
            try:
                view = await self._read_view()
            except (ConnectionLost, OSError):
                view = await self._read_view()  # the connection of the poll may have broken alone
        except (RedisError, OSError, ValueError) as error:
            self._be_away(error)
        else:
            self.away = None
            self._observer.on_view(self, view)

    def _on_lost(self, error: BaseException) -> None:
        if isinstance(error, StoreTimeout) and not self.away:
            self._be_away(error)
        self.poll_now()

    def _be_away(self, error: Exception) -> None:
        text = str(error).rstrip(".") or type(error).__name__
        self.away = _error_of_calls(error, f"{self!r}: {text}")
        if isinstance(error, StoreTimeout):
            # Else further calls would wait behind those in flight, and take slots for as long.
            self._drop_calls(self.away())
        self._observer.on_away(self)

    async def _read_view(self) -> View:
        execute: Any = self.driver.execute_command  # redis-py leaves it without types
        # As one word the driver would parse the reply, into fields by address, which is not unique.
        reply = asyncio.ensure_future(execute("CLUSTER", "NODES", NEVER_DECODE=True))
        try:
            for limit_s in (POLL_TIMEOUT_S, POLL_GRACE_S):
                done, _ = await asyncio.wait([reply], timeout=limit_s)
                if done:
                    return decode_view(reply.result(), self.address)
        finally:
            reply.cancel()
        raise StoreTimeout("no answer in time")


def _error_of_calls(error: Exception, text: str) -> Callable[[], Exception]:
    """Return what makes the error of calls to a node that could not be polled.

    It is none that has a call sent again, and of the cause of the poll's.
    """
    match error:
        case StoreTimeout():
            return partial(StoreTimeout, text)
        case AuthenticationError() | NoPermissionError():
            return partial(NoPermissionError, text)
        case BusyLoadingError():
            return partial(ResponseError, f"LOADING {text}")
        case _:
            return partial(OSError, text)

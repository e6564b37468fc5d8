"""Sends many commands at once on one connection to the store.

The driver opens the connection (address, credentials, TLS, Sentinel) and hands over its transport.
After that commands are only packed and replies only parsed, both by hiredis: about 5 µs a call,
where a call through the driver takes 150.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as ConnectionLost

from leaderboard_server.storage.resp_protocol import (
    REPLY_TIMEOUT_S,
    Argument,
    NoReply,
    ReplyReceiver,
    RespProtocol,
)
from leaderboard_server.storage.store_connection import Layout
from leaderboard_server.tasks import SingleFlight

OPEN_TIMEOUT_S = 1.0
"""How long opening may take in all; a store on the same network needs milliseconds."""
_CLOSED = "the connection to the store was closed"


class PipelinedConnection:
    """Calls the store. Opens on the first call, also on the first after a loss, until `close`."""

    def __init__(
        self,
        redis: Redis,
        *,
        error_of: Callable[[str], Exception | None] = lambda _: None,
        on_lost: Callable[[BaseException], None] = lambda _: None,
        reply_timeout_s: float = REPLY_TIMEOUT_S,
    ) -> None:
        """Connect as `redis` would; the client itself is not used.

        Args:
            redis: The driver.

            error_of: Returns the error for the text of an error reply; None for the usual one.

            on_lost: Called with the error whenever the connection is lost or can't be opened.

            reply_timeout_s: How long the store may send nothing while calls wait for it.
        """
        self._redis = redis
        self._error_of = error_of
        self._on_lost = on_lost
        self._reply_timeout_s = reply_timeout_s
        self._protocol: RespProtocol | None = None
        self._closed = False
        self._disconnects = 0
        self._opening = SingleFlight(self._open, name="open-store-connection")

    def call(self, *command: Argument) -> Awaitable[Any]:
        """Return the store's reply to a command.

        Raises:
            ConnectionLost: The connection could not be opened, or was lost before the reply; the
                command may have taken effect.

            StoreTimeout: The store took too long; the command may have taken effect.

            NoScriptError: The store doesn't know the script.

            ResponseError: The store rejects the command.
        """
        protocol = self._protocol
        if protocol and not protocol.lost:
            return protocol.call(command)
        return self._open_and_call(command)

    def send(self, command: tuple[Argument, ...], receiver: ReplyReceiver) -> bool:
        """Send a command if the connection is open; return whether it is."""
        protocol = self._protocol
        if not protocol or protocol.lost:
            return False
        protocol.send(command, receiver)
        return True

    def shard_of(self, _key: str) -> None:
        """Return what stands for the only shard."""

    async def layout(self) -> Layout:
        """Return how the keys are spread: this connection reaches them all."""
        return Layout((self,))

    async def call_asking(self, *command: Argument) -> Any:
        """Return a cluster node's reply to a command on a slot that is being moved to it.

        Raises:
            Exception: As `call`.
        """
        protocol = await self._opened()
        # Both go out together, since ASKING is for the next command of the connection alone.
        protocol.send(("ASKING",), NoReply())
        return await protocol.call(command)

    def disconnect(self, reason: Exception) -> None:
        """Drop the connection; calls in flight get the error, and later ones open it again.

        Calls that wait for its opening fail too, when that ends.
        """
        self._disconnects += 1
        if self._protocol:
            self._protocol.abort(reason)

    async def close(self) -> None:
        """Drop the connection for good; calls in flight and later ones get `ConnectionLost`."""
        self._closed = True
        await self._opening.close()
        if self._protocol:
            self._protocol.abort(ConnectionLost(_CLOSED))
            await self._protocol.closed()

    async def _open_and_call(self, command: tuple[Argument, ...]) -> Any:
        return await (await self._opened()).call(command)

    async def _opened(self) -> RespProtocol:
        """Return the open connection, or open it."""
        if self._closed:
            raise ConnectionLost(_CLOSED)
        if self._protocol and not self._protocol.lost:
            return self._protocol
        return await self._opening.run()

    async def _open(self) -> RespProtocol:
        pool: Any = self._redis.connection_pool  # the driver leaves this method without types
        connection = pool.make_connection()
        disconnects = self._disconnects
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                await connection.connect()
        except BaseException as error:
            await connection.disconnect(nowait=True)
            self._on_lost(error)
            if isinstance(error, TimeoutError):
                raise ConnectionLost("the store took too long to connect") from error
            if self._closed:  # the opening was cancelled, but not its callers
                raise ConnectionLost(_CLOSED) from error
            raise
        if disconnects != self._disconnects:
            await connection.disconnect(nowait=True)
            raise ConnectionLost("the connection was dropped while it opened")
        self._protocol = RespProtocol(
            connection, self._error_of, self._on_lost, self._reply_timeout_s
        )
        return self._protocol

"""A pub/sub connection to one node, which is kept open.

Heartbeats go through it and are expected back, so that a dead or half-open connection is noticed,
dropped and opened again.
"""

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeAlias

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ClusterDownError, MovedError, RedisError, ResponseError

from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.storage.refusals import answers_ping
from leaderboard_server.tasks import BackgroundTask, TaskSet

_log = structlog.get_logger()

HEARTBEAT_S = 0.5
"""Interval between heartbeats."""
SILENCE_S = 1.5
"""Time without a reply to a heartbeat after which the connection is dropped: within 2 s in all."""
READ_GRACE_S = 0.05
"""How much longer a connection is kept then, for a reply that arrived but was not read yet."""
CONNECT_TIMEOUT_S = 2.0
"""Time to open the connection."""
RECONNECT_S = 0.1
"""Delay before a lost connection is opened again."""

Command: TypeAlias = tuple[str | bytes, ...]
"""A command, as the driver packs it."""


class FeedObserver(Protocol):
    """Is called back by a connection; must not wait."""

    def on_open(self) -> None:
        """It is open, without any subscription yet."""

    def on_lost(self) -> None:
        """It was lost, and all subscriptions with it."""

    def on_message(self, kind: bytes, channel: bytes, payload: Any) -> None:
        """A message arrived, or a subscription began or ended."""


class _Ping(NamedTuple):
    """A PING that is not answered yet."""

    sent_at: float
    on_answered: Callable[[], None] | None


class FeedConnection:
    """A connection that messages arrive on. Kept open from `start` to `close`."""

    def __init__(
        self,
        driver: Redis,
        observer: FeedObserver,
        instruments: ReplicationInstruments,
        **logged: str,
    ) -> None:
        """Connect by `driver`, and have the fields `logged` in the log."""
        self._driver = driver
        self._observer = observer
        self._instruments = instruments
        self._logged = logged
        self._connection: AbstractConnection | None = None
        self._answered_at = 0.0
        self._pings: deque[_Ping] = deque()
        self._task = BackgroundTask(self._run, name="feed")
        self._commands = TaskSet(name="send-subscription")

    @property
    def connected(self) -> bool:
        """Whether the connection is open, by the last heartbeat."""
        return self._connection is not None

    def start(self) -> None:
        """Begin to keep the connection open."""
        self._task.start()

    async def close(self) -> None:
        """Close the connection."""
        await self._task.close()

    def send(
        self, commands: Sequence[Command], on_executed: Callable[[], None] | None = None
    ) -> None:
        """Send commands; call while `connected`. If the connection breaks, they are lost with it.

        Args:
            commands: The commands. Their replies go to `on_message`, but not those by which a
                node of a cluster refuses a command.

            on_executed: Called after all these replies. For this a PING is sent behind them, since
                a node answers in order.
        """
        assert self._connection
        # Callers may be cancelled at any await, so the commands are sent by a task.
        self._commands.start(self._send(self._connection, commands, on_executed))

    async def _send(
        self,
        connection: AbstractConnection,
        commands: Sequence[Command],
        on_executed: Callable[[], None] | None,
    ) -> None:
        # The driver would silently reconnect a broken connection, without the subscriptions.
        if not connection.is_connected:
            return
        if on_executed:
            commands = [*commands, ("PING",)]
            self._pings.append(_Ping(time.monotonic(), on_executed))
        with contextlib.suppress(Exception):  # its reader or the next heartbeat notices
            await connection.send_packed_command(connection.pack_commands(commands))

    async def _run(self) -> None:
        while True:
            try:
                await self._hold_connection()
            except Exception:  # noqa: BLE001 - without the feed no commit of others is received
                _log.exception("feed_failed", **self._logged)
            await asyncio.sleep(RECONNECT_S)

    async def _hold_connection(self) -> None:
        pool: Any = self._driver.connection_pool  # redis-py leaves this method without types
        connection = pool.make_connection()
        heartbeats = BackgroundTask(partial(self._send_heartbeats, connection), name="heartbeats")
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await connection.connect()
            self._on_open(connection)
            heartbeats.start()
            while True:
                # The heartbeats decide when the connection is dead, not the time since a message.
                await self._read_message(connection)
        except (RedisError, OSError) as error:
            if self.connected:
                kind = type(error).__name__
                _log.warning("feed_lost", error=kind, reason=str(error), **self._logged)
        finally:
            if self.connected:
                self._connection = None
                self._observer.on_lost()
            await connection.disconnect(nowait=True)
            await heartbeats.close()

    def _on_open(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._answered_at = asyncio.get_running_loop().time()
        self._pings.clear()
        self._instruments.connections.add()
        _log.info("feed_connected", **self._logged)
        self._observer.on_open()

    async def _send_heartbeats(self, connection: AbstractConnection) -> None:
        with contextlib.suppress(Exception):  # after any error the connection is replaced
            while connection.is_connected and not await self._is_silent():
                async with asyncio.timeout(SILENCE_S):
                    self._pings.append(_Ping(time.monotonic(), None))
                    await connection.send_command("PING")
                await asyncio.sleep(HEARTBEAT_S)
        await connection.disconnect(nowait=True)

    async def _is_silent(self) -> bool:
        if self._awaits_pong():
            await asyncio.sleep(READ_GRACE_S)  # this loop may have been late
        return self._awaits_pong()

    def _awaits_pong(self) -> bool:
        silent_s = asyncio.get_running_loop().time() - self._answered_at
        return bool(self._pings) and silent_s >= SILENCE_S

    async def _read_message(self, connection: Any) -> None:
        """Wait for a message or the reply to a heartbeat, and pass it on."""
        try:
            message = await connection.read_response(timeout=math.inf)
        except (MovedError, ClusterDownError) as error:
            _log.debug("subscription_refused", reason=str(error), **self._logged)
        except ResponseError as error:
            if not answers_ping(error):
                raise
            self._on_pong()
        else:
            # Without any subscription the heartbeat is answered like any command.
            if message == b"PONG" or message[0] == b"pong":
                self._on_pong()
            else:
                self._observer.on_message(*message)

    def _on_pong(self) -> None:
        self._answered_at = asyncio.get_running_loop().time()
        if self._pings:
            ping = self._pings.popleft()
            self._instruments.heartbeat_lag.observe(time.monotonic() - ping.sent_at)
            if ping.on_answered:
                ping.on_answered()

"""The pub/sub connection that delivers the commits of all followed contests.

It is kept open: heartbeats go through it and are expected back, so that a dead or half-open
connection is noticed. When it is lost every receiver is notified, since messages may be missed.
"""

import asyncio
import contextlib
import math
import time
from collections import deque
from functools import partial
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.storage import keys
from leaderboard_server.storage.refusals import answers_ping
from leaderboard_server.tasks import BackgroundTask

_log = structlog.get_logger()

HEARTBEAT_S = 0.5
"""Interval between heartbeats."""
SILENCE_S = 1.5
"""Time without a reply to a heartbeat after which the connection is dropped: within 2 s in all."""
CONNECT_TIMEOUT_S = 2.0
"""Time to open the connection, until the subscriptions are sent."""
RECONNECT_S = 0.1
"""Delay before a lost connection is opened again."""


class CommitReceiver(Protocol):
    """Gets the messages of one contest."""

    def on_subscribed(self) -> None:
        """From now on every commit is received."""

    def on_message(self, payload: bytes) -> None:
        """A commit was published."""

    def on_connection_lost(self) -> None:
        """Commits may be missed until `on_subscribed` is called again."""


class Feed:
    """Delivers the published commits of subscribed contests. Open from `start` to `close`."""

    def __init__(self, redis: Redis, instruments: ReplicationInstruments) -> None:
        """Connect by `redis`, and count by `instruments`."""
        self._redis = redis
        self._instruments = instruments
        self._receivers: dict[bytes, CommitReceiver] = {}
        """By the name of the channel."""
        self._connection: AbstractConnection | None = None
        self._answered_at = 0.0
        self._heartbeats: deque[float] = deque()
        """When those were sent that are not answered yet."""
        self._task = BackgroundTask(self._run, name="feed")
        self._commands: set[asyncio.Task[None]] = set()

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

    def subscribe(self, contest_id: str, receiver: CommitReceiver) -> None:
        """Deliver the commits of a contest to `receiver`, from its `on_subscribed` on."""
        channel = keys.channel(contest_id).encode()
        self._receivers[channel] = receiver
        self._send("SUBSCRIBE", channel)

    def unsubscribe(self, contest_id: str) -> None:
        """Stop delivering the commits of a contest."""
        channel = keys.channel(contest_id).encode()
        if self._receivers.pop(channel, None):
            self._send("UNSUBSCRIBE", channel)

    def _send(self, command: str, channel: bytes) -> None:
        """Send a command if connected; a new connection subscribes to all channels by itself.

        Callers may be cancelled at any await, so the command is sent by a task.
        """
        # The driver would silently reconnect a broken connection, without the subscriptions.
        if self._connection and self._connection.is_connected:
            task = asyncio.create_task(_send_command(self._connection, command, channel))
            self._commands.add(task)
            task.add_done_callback(self._commands.discard)

    async def _run(self) -> None:
        while True:
            try:
                await self._hold_connection()
            except Exception:  # noqa: BLE001 - without the feed no commit of others is received
                _log.exception("feed_failed")
            await asyncio.sleep(RECONNECT_S)

    async def _hold_connection(self) -> None:
        pool: Any = self._redis.connection_pool  # redis-py leaves this method without types
        connection = pool.make_connection()
        heartbeats = BackgroundTask(partial(self._send_heartbeats, connection), name="heartbeats")
        try:
            await self._connect(connection)
            heartbeats.start()
            while True:
                # The heartbeats decide when the connection is dead, not the time since a message.
                self._dispatch(await _next_message(connection))
        except (RedisError, OSError) as error:
            if self.connected:
                _log.warning("feed_lost", error=type(error).__name__, reason=str(error))
        finally:
            self._connection = None
            for receiver in self._receivers.values():
                receiver.on_connection_lost()
            await connection.disconnect(nowait=True)
            await heartbeats.close()

    async def _connect(self, connection: AbstractConnection) -> None:
        channels = set(self._receivers)
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await connection.connect()  # type: ignore[no-untyped-call]
            if channels:
                await connection.send_command("SUBSCRIBE", *channels)
        self._answered_at = asyncio.get_running_loop().time()
        self._connection = connection
        self._instruments.connections.add()
        self._heartbeats.clear()
        for channel in self._receivers.keys() - channels:
            self._send("SUBSCRIBE", channel)
        for channel in channels - self._receivers.keys():
            self._send("UNSUBSCRIBE", channel)
        _log.info("feed_connected")

    async def _send_heartbeats(self, connection: AbstractConnection) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(Exception):  # after any error the connection is replaced
            while connection.is_connected and loop.time() - self._answered_at < SILENCE_S:
                async with asyncio.timeout(SILENCE_S):
                    self._heartbeats.append(time.monotonic())
                    await connection.send_command("PING")
                await asyncio.sleep(HEARTBEAT_S)
        await connection.disconnect(nowait=True)

    def _dispatch(self, message: Any) -> None:
        # Without any subscription the heartbeat is answered like any command.
        if message == b"PONG" or message[0] == b"pong":
            self._answered_at = asyncio.get_running_loop().time()
            if self._heartbeats:
                lag = time.monotonic() - self._heartbeats.popleft()
                self._instruments.heartbeat_lag.observe(lag)
        elif receiver := self._receivers.get(message[1]):
            if message[0] == b"message":
                self._instruments.messages.add()
                receiver.on_message(message[2])
            elif message[0] == b"subscribe":
                receiver.on_subscribed()


async def _next_message(connection: Any) -> Any:
    """Wait for a message or the reply to a heartbeat."""
    try:
        return await connection.read_response(timeout=math.inf)
    except ResponseError as error:
        if answers_ping(error):
            return b"PONG"
        raise


async def _send_command(connection: AbstractConnection, command: str, channel: bytes) -> None:
    """Send a command; if the connection breaks, its reader notices."""
    with contextlib.suppress(RedisError, OSError):
        await connection.send_command(command, channel)

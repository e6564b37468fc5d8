"""A pub/sub connection to one node, which delivers the commits of followed contests.

It is kept open: heartbeats go through it and are expected back, so that a dead or half-open
connection is noticed. When it is lost every receiver is notified, since messages may be missed.
"""

import asyncio
import contextlib
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import MovedError, RedisError, ResponseError

from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.storage.refusals import answers_ping
from leaderboard_server.tasks import BackgroundTask, TaskSet

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


class PubSub(NamedTuple):
    """The commands and messages of a kind of pub/sub."""

    subscribe: str
    unsubscribe: str
    subscribed: bytes
    unsubscribed: bytes
    message: bytes
    grouped: Callable[[Iterable[bytes]], list[tuple[bytes, ...]]]
    """Groups channels that one command may subscribe to."""


PLAIN = PubSub(
    *("SUBSCRIBE", "UNSUBSCRIBE", b"subscribe", b"unsubscribe", b"message"),
    lambda channels: [tuple(channels)],
)


class FeedConnection:
    """Delivers the messages of subscribed channels. Open from `start` to `close`."""

    def __init__(
        self,
        driver: Redis,
        pubsub: PubSub,
        instruments: ReplicationInstruments,
        on_moved: Callable[[int | bytes], None] = lambda _: None,
    ) -> None:
        """Connect by `driver`.

        Args:
            driver: Opens the connection.

            pubsub: The kind of pub/sub.

            instruments: Count messages and connections.

            on_moved: Called when the node has ended a subscription, or refused one, as another node
                has the channel by now: with the channel, or with the slot of the refused ones.
        """
        self._driver = driver
        self._pubsub = pubsub
        self._instruments = instruments
        self._on_moved = on_moved
        self.receivers: dict[bytes, CommitReceiver] = {}
        """By the name of the channel."""
        self._leaving: Counter[bytes] = Counter()
        """Ends of subscriptions that were requested and not confirmed yet."""
        self._connection: AbstractConnection | None = None
        self._answered_at = 0.0
        self._heartbeats: deque[float] = deque()
        """When those were sent that are not answered yet."""
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

    def subscribe(self, receivers: dict[bytes, CommitReceiver]) -> None:
        """Deliver the messages of channels to receivers, from their `on_subscribed` on."""
        self.receivers |= receivers
        self._send(self._pubsub.subscribe, receivers)

    def unsubscribe(self, channels: Sequence[bytes]) -> None:
        """Stop delivering the messages of channels."""
        for channel in channels:
            self.receivers.pop(channel, None)
        self._send(self._pubsub.unsubscribe, channels)

    def _send(self, command: str, channels: Iterable[bytes]) -> None:
        """Send a command if connected; a new connection subscribes to all channels by itself.

        Callers may be cancelled at any await, so the command is sent by a task.
        """
        # The driver would silently reconnect a broken connection, without the subscriptions.
        connection = self._connection
        if connection and connection.is_connected:
            groups = self._pubsub.grouped(channels)
            if command == self._pubsub.unsubscribe:
                self._leaving.update(channels)
            self._commands.start(_send_commands(connection, command, groups))

    async def _run(self) -> None:
        while True:
            try:
                await self._hold_connection()
            except Exception:  # noqa: BLE001 - without the feed no commit of others is received
                _log.exception("feed_failed")
            await asyncio.sleep(RECONNECT_S)

    async def _hold_connection(self) -> None:
        pool: Any = self._driver.connection_pool  # redis-py leaves this method without types
        connection = pool.make_connection()
        heartbeats = BackgroundTask(partial(self._send_heartbeats, connection), name="heartbeats")
        try:
            await self._connect(connection)
            heartbeats.start()
            while True:
                # The heartbeats decide when the connection is dead, not the time since a message.
                await self._read_message(connection)
        except (RedisError, OSError) as error:
            if self.connected:
                _log.warning("feed_lost", error=type(error).__name__, reason=str(error))
        finally:
            self._connection = None
            for receiver in self.receivers.values():
                receiver.on_connection_lost()
            await connection.disconnect(nowait=True)
            await heartbeats.close()

    async def _connect(self, connection: AbstractConnection) -> None:
        channels = set(self.receivers)
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await connection.connect()  # type: ignore[no-untyped-call]
            if channels:
                groups = self._pubsub.grouped(channels)
                await _send_all(connection, self._pubsub.subscribe, groups)
        self._answered_at = asyncio.get_running_loop().time()
        self._connection = connection
        self._instruments.connections.add()
        self._heartbeats.clear()
        self._leaving.clear()
        if new := self.receivers.keys() - channels:
            self._send(self._pubsub.subscribe, new)
        if left := channels - self.receivers.keys():
            self._send(self._pubsub.unsubscribe, left)
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

    async def _read_message(self, connection: Any) -> None:
        """Wait for a message or the reply to a heartbeat, and deliver it."""
        try:
            self._dispatch(await connection.read_response(timeout=math.inf))
        except MovedError as error:
            self._on_moved(error.slot_id)
        except ResponseError as error:
            if not answers_ping(error):
                raise
            self._on_heartbeat()

    def _dispatch(self, message: Any) -> None:
        # Without any subscription the heartbeat is answered like any command.
        if message == b"PONG" or message[0] == b"pong":
            self._on_heartbeat()
            return
        kind, channel, *rest = message
        receiver = self.receivers.get(channel)
        if kind == self._pubsub.message:
            if receiver:
                self._instruments.messages.add()
                receiver.on_message(rest[0])
        elif kind == self._pubsub.subscribed:
            if receiver:
                receiver.on_subscribed()
        elif self._leaving[channel]:
            self._leaving[channel] -= 1
        elif receiver:
            # The node ended it: the channel's slot was moved to another one.
            self._on_moved(channel)

    def _on_heartbeat(self) -> None:
        self._answered_at = asyncio.get_running_loop().time()
        if self._heartbeats:
            lag = time.monotonic() - self._heartbeats.popleft()
            self._instruments.heartbeat_lag.observe(lag)


async def _send_commands(
    connection: AbstractConnection, command: str, groups: list[tuple[bytes, ...]]
) -> None:
    """Send commands; if the connection breaks, its reader notices."""
    with contextlib.suppress(RedisError, OSError):
        await _send_all(connection, command, groups)


async def _send_all(
    connection: AbstractConnection, command: str, groups: list[tuple[bytes, ...]]
) -> None:
    packed = connection.pack_commands([(command, *channels) for channels in groups])
    await connection.send_packed_command(packed)

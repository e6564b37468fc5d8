"""The one link through which a server hears of the commits of the contests it serves.

The link is held up by itself: a heartbeat goes through it and is expected back, so that a dead or
half-open connection is noticed; when the link is lost every receiver is told, for it may have
missed messages.
"""

import asyncio
import contextlib
import math
from typing import Any, Protocol

import structlog
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from leaderboard_server.storage import keys

_log = structlog.get_logger()

HEARTBEAT_S = 0.5
"""How often a heartbeat is sent."""
SILENCE_S = 1.5
"""After how long without an answer to a heartbeat the link is given up: in all within 2 s."""
OPEN_S = 2.0
"""How long opening the link may take, until the store has answered."""
RELINK_S = 0.1
"""How long to wait before a lost link is opened again."""


class Receiver(Protocol):
    """What the feed tells of one contest."""

    def on_subscribed(self) -> None:
        """From now on every commit is received."""

    def on_message(self, payload: bytes) -> None:
        """A commit was published."""

    def on_link_lost(self) -> None:
        """Commits may be missed until `on_subscribed` is called again."""


class Feed:
    """Receives what is published about contests. Open from `start` to `close`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._receivers: dict[bytes, Receiver] = {}
        self._connection: AbstractConnection | None = None
        self._answered_at = 0.0
        self._was_up = False
        self._task: asyncio.Task[None] | None = None
        self._sends: set[asyncio.Task[None]] = set()

    @property
    def linked(self) -> bool:
        """Whether the link is up, as far as the last heartbeat tells."""
        return self._connection is not None

    def start(self) -> None:
        """Begin to hold the link."""
        self._task = asyncio.create_task(self._run(), name="feed")

    async def close(self) -> None:
        """Give the link up."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def subscribe(self, contest_id: str, receiver: Receiver) -> None:
        """Tell `receiver` of a contest, from its `on_subscribed` on."""
        name = keys.channel(contest_id).encode()
        self._receivers[name] = receiver
        self._send("SUBSCRIBE", name)

    def unsubscribe(self, contest_id: str) -> None:
        """Stop telling of a contest."""
        name = keys.channel(contest_id).encode()
        if self._receivers.pop(name, None):
            self._send("UNSUBSCRIBE", name)

    def _send(self, command: str, name: bytes) -> None:
        """Send on the link if there is one; a new link subscribes to all by itself.

        Callers may be cancelled at any await, so they don't wait for the sending.
        """
        # The driver would quietly connect again, without the subscriptions, where the link is cut.
        if self._connection and self._connection.is_connected:
            task = asyncio.create_task(_send_quietly(self._connection, command, name))
            self._sends.add(task)
            task.add_done_callback(self._sends.discard)

    async def _run(self) -> None:
        while True:
            self._was_up = False
            try:
                await self._hold_link()
            except (RedisError, OSError) as error:
                if self._was_up:
                    _log.warning("feed_lost", error=type(error).__name__, reason=str(error))
            except Exception:  # noqa: BLE001 - without the feed this server would be blind
                _log.exception("feed_failed")
            await asyncio.sleep(RELINK_S)

    async def _hold_link(self) -> None:
        pool: Any = self._redis.connection_pool  # redis-py leaves this method without types
        connection = pool.make_connection()
        heartbeat: asyncio.Task[None] | None = None
        try:
            names = set(self._receivers)
            async with asyncio.timeout(OPEN_S):
                await connection.connect()
                if names:
                    await connection.send_command("SUBSCRIBE", *names)
            self._answered_at = asyncio.get_running_loop().time()
            self._connection = connection
            for name in self._receivers.keys() - names:
                self._send("SUBSCRIBE", name)
            for name in names - self._receivers.keys():
                self._send("UNSUBSCRIBE", name)
            self._was_up = True
            _log.info("feed_up")
            heartbeat = asyncio.create_task(self._beat(connection), name="feed-heartbeat")
            while True:
                # The heartbeat decides when the link is dead, not the time since the last message.
                self._dispatch(await connection.read_response(timeout=math.inf))
        finally:
            self._connection = None
            if heartbeat:
                heartbeat.cancel()
            for receiver in self._receivers.values():
                receiver.on_link_lost()
            await connection.disconnect(nowait=True)

    async def _beat(self, connection: AbstractConnection) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(RedisError, OSError):
            while connection.is_connected and loop.time() - self._answered_at < SILENCE_S:
                async with asyncio.timeout(SILENCE_S):
                    await connection.send_command("PING")
                await asyncio.sleep(HEARTBEAT_S)
        await connection.disconnect(nowait=True)

    def _dispatch(self, message: Any) -> None:
        # Without any subscription the heartbeat is answered like any command.
        if message == b"PONG" or message[0] == b"pong":
            self._answered_at = asyncio.get_running_loop().time()
        elif receiver := self._receivers.get(message[1]):
            if message[0] == b"message":
                receiver.on_message(message[2])
            elif message[0] == b"subscribe":
                receiver.on_subscribed()


async def _send_quietly(connection: AbstractConnection, command: str, name: bytes) -> None:
    """Send, and leave it to the reader of the connection to notice that it broke."""
    with contextlib.suppress(RedisError, OSError):
        await connection.send_command(command, name)

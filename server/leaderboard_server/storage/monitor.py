"""Monitors the store by pinging it, and reports when it becomes unavailable and available."""

import asyncio
from typing import Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from leaderboard_server.storage.refusals import answers_ping
from leaderboard_server.tasks import BackgroundTask

_log = structlog.get_logger()

PING_INTERVAL_S = 0.5
PING_TIMEOUT_S = 1.0


class AvailabilityCallback(Protocol):
    """Called with the state of the store."""

    async def __call__(self, *, serving: bool) -> None:
        """Handle the state: whether the store replies."""


class Monitor:
    """Watches whether the store replies, from `start` to `close`."""

    def __init__(self, redis: Redis, on_change: AvailabilityCallback) -> None:
        """Ping the store of `redis`; `on_change` is called after the first ping and each change."""
        self._redis = redis
        self._on_change = on_change
        self._task = BackgroundTask(self._run, name="monitor-store")

    def start(self) -> None:
        """Begin to ping."""
        self._task.start()

    async def close(self) -> None:
        """Stop pinging."""
        await self._task.close()

    async def _run(self) -> None:
        reported: bool | None = None
        while True:
            error = await self._ping()
            serving = error is None
            if serving != reported:
                if error is not None:
                    reason = str(error) or f"no reply within {PING_TIMEOUT_S:g} s"
                    _log.warning("store_unavailable", error=type(error).__name__, reason=reason)
                elif reported is not None:
                    _log.info("store_recovered")
                await self._on_change(serving=serving)
                reported = serving
            await asyncio.sleep(PING_INTERVAL_S)

    async def _ping(self) -> Exception | None:
        """Return the error of a ping, None if the store replied."""
        try:
            async with asyncio.timeout(PING_TIMEOUT_S):
                await self._redis.ping()
        except (RedisError, OSError) as error:
            return None if answers_ping(error) else error
        return None

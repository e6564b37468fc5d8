"""Whether the store answers, found out by asking it again and again."""

import asyncio
import contextlib
from typing import Protocol

from redis.asyncio import Redis
from redis.exceptions import RedisError

ASK_S = 0.5
"""How often the store is asked."""
ANSWER_S = 1.0
"""How long it may take to answer."""


class Tell(Protocol):
    """Who is told whether the store answers."""

    async def __call__(self, *, serving: bool) -> None:
        """Take it in."""


class Monitor:
    """Tells when the store comes and goes. Open from `start` to `close`."""

    def __init__(self, redis: Redis, tell: Tell) -> None:
        """Ask the store of `redis`; `tell` is told at the start and at each change."""
        self._redis = redis
        self._tell = tell
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._task = asyncio.create_task(self._run(), name="monitor-store")

    async def close(self) -> None:
        """Stop asking."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        told: bool | None = None
        while True:
            answers = await self._answers()
            if answers != told:
                await self._tell(serving=answers)
                told = answers
            await asyncio.sleep(ASK_S)

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_S):
                return bool(await self._redis.ping())
        except (RedisError, OSError):
            return False

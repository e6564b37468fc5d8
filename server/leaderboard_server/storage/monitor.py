"""Whether the store answers, found out by asking it again and again."""

import asyncio
import contextlib
from typing import Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

_log = structlog.get_logger()

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
            problem = await self._problem()
            answers = problem is None
            if answers != told:
                if problem is not None:
                    _log.warning("store_away", error=type(problem).__name__, reason=str(problem))
                elif told is not None:
                    _log.info("store_back")
                await self._tell(serving=answers)
                told = answers
            await asyncio.sleep(ASK_S)

    async def _problem(self) -> Exception | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._redis.ping()
        except (RedisError, OSError) as error:
            return error
        return None

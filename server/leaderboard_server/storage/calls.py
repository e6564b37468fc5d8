"""Calls of scripts, which are sent again when their connection breaks.

A commit is recognised by its sequence and answered as the first time; reads have no effect.
"""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, Protocol

from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError

from leaderboard_server.storage.connection import unavailable
from leaderboard_server.storage.pipelined_connection import Argument
from leaderboard_server.storage.scripts import Script

CALL_S = 2.0
"""For how long a call is sent again when its connection breaks. One that is not answered in time is
given up by the link, and not sent again."""
_RESENDS = 1
"""How often it is sent once more then. Enough for connections that have died unnoticed; a store
that is away for longer is for the caller to wait for."""


class Caller(Protocol):
    """What a store is called through."""

    def call(self, *command: Argument) -> Awaitable[Any]:
        """Return what the store answers to a command; see `link.PipelinedConnection.call`."""


class ScriptCalls:
    """Calls scripts through one link."""

    def __init__(self, link: Caller) -> None:
        self._link = link
        self._retry = Retry(
            ExponentialBackoff(cap=0.05, base=0.01), _RESENDS, supported_errors=(ConnectionLost,)
        )

    async def call(self, script: Script, *parameters: Argument) -> Any:
        """Return what a script returns.

        Args:
            script: The script.

            parameters: The number of keys, the keys, and the arguments.

        Raises:
            StoreUnavailable: The store is away, did not answer in time, or refuses.
        """
        begun = time.monotonic()
        try:
            return await self._send(script, parameters)
        except ConnectionLost:
            return await self._call_again(begun, script, parameters)
        except (RedisError, OSError) as error:
            raise unavailable(error) from error

    async def _call_again(
        self, begun: float, script: Script, parameters: tuple[Argument, ...]
    ) -> Any:
        try:
            async with asyncio.timeout(begun + CALL_S - time.monotonic()):
                return await self._retry.call_with_retry(
                    lambda: self._send(script, parameters), _leave
                )
        except (RedisError, OSError) as error:
            raise unavailable(error) from error

    async def _send(self, script: Script, parameters: tuple[Argument, ...]) -> Any:
        try:
            return await self._link.call("EVALSHA", script.sha, *parameters)
        except NoScriptError:
            return await self._link.call("EVAL", script.source, *parameters)


async def _leave(_error: BaseException) -> None:
    """Leave the lost connection to the link, which opens another one."""

"""Lua scripts that read and change contests, each in a file of its own, and the way to run them.

A script is sent again when its connection breaks: a commit that was applied already is recognised
by its sequence number and gets its first reply again, and a read has no effect.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable
from importlib import resources
from typing import Any, NamedTuple, Protocol

import structlog
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError, ResponseError

from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.storage.pipelined_connection import Argument

_log = structlog.get_logger()

RESEND_WITHIN_S = 2.0
"""How long a script is sent again after its connection broke. One that got no reply in time is not
sent again: the connection fails it with a timeout."""
RESEND_DELAY_S = 0.02
"""The delay before the second resend. The first one follows at once, which is enough to replace a
dead idle connection; waiting for a store that is down longer is left to the caller."""


class Script(NamedTuple):
    """A script and the hash by which the store knows it."""

    source: str
    sha: str


def _script(name: str) -> Script:
    """Return the script `name`, appended to the shared `position.lua`."""
    folder = resources.files(__name__)
    shared, own = (
        folder.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in ("position", name)
    )
    source = f"{shared}\n{own}"
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


COMMIT = _script("commit")
RANKS = _script("ranks")
READ_LOG = _script("read_log")
READ_LOG_BACKWARD = _script("read_log_backward")
READ_POSITION = _script("read_position")
TOP = _script("top")


class StoreConnection(Protocol):
    """A connection to the store."""

    def call(self, *command: Argument) -> Awaitable[Any]:
        """Return the store's reply to a command; see `PipelinedConnection.call`."""


class ScriptRunner:
    """Runs scripts through one connection."""

    def __init__(self, connection: StoreConnection) -> None:
        self._connection = connection

    async def run(self, script: Script, *parameters: Argument) -> Any:
        """Return the result of a script.

        Args:
            script: The script.

            parameters: The number of keys, the keys, and the arguments.

        Raises:
            StoreUnavailable: The store is not reachable, did not reply in time, or rejects the
                call. The last is logged, such as a write without memory left; an unreachable store
                is logged by the monitor, once instead of for every call.
        """
        started = time.monotonic()
        try:
            try:
                return await self._send(script, parameters)
            except ConnectionLost:
                async with asyncio.timeout(started + RESEND_WITHIN_S - time.monotonic()):
                    return await self._resend(script, parameters)
        except (RedisError, OSError) as error:
            if isinstance(error, ResponseError):
                _log.error("store_refused", error=type(error).__name__, reason=str(error))
            raise StoreUnavailable from error

    async def _resend(self, script: Script, parameters: tuple[Argument, ...]) -> Any:
        try:
            return await self._send(script, parameters)
        except ConnectionLost:
            await asyncio.sleep(RESEND_DELAY_S)
            return await self._send(script, parameters)

    async def _send(self, script: Script, parameters: tuple[Argument, ...]) -> Any:
        try:
            return await self._connection.call("EVALSHA", script.sha, *parameters)
        except NoScriptError:
            return await self._connection.call("EVAL", script.source, *parameters)

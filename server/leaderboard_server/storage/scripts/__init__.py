"""Lua scripts that read and change contests, each in a file of its own, and the way to run them.

A script is sent again when its connection breaks: a commit that was applied already is recognised
by its sequence number and gets its first reply again, and a read has no effect. Its parameters are
made again each time, since the store may be another one by then, which lacks what this server has
seen meanwhile.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any, NamedTuple, Protocol, TypeAlias

from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError

from leaderboard_server.storage.pipelined_connection import Argument
from leaderboard_server.storage.refusals import Refusals

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


def _script(name: str, *shared: str) -> Script:
    """Return the script `name`, appended to shared parts.

    Its own first line, with the flags by which the store knows what it may refuse, stays the first.
    """
    folder = resources.files(__name__)
    *parts, own = (
        folder.joinpath(f"{part}.lua").read_text(encoding="utf-8") for part in (*shared, name)
    )
    flags, _, body = own.partition("\n")
    source = "\n".join((flags, *parts, body))
    return Script(source, hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest())


BEGIN_EPOCH = _script("begin_epoch", "position", "epoch")
COMMIT = _script("commit", "position", "epoch")
RANKS = _script("ranks", "position")
READ_LOG = _script("read_log", "position")
READ_LOG_BACKWARD = _script("read_log_backward", "position")
READ_POSITION = _script("read_position", "position")
TOP = _script("top", "position")

Parameters: TypeAlias = Callable[[], tuple[Argument, ...]]
"""Makes the parameters of a script: the number of keys, the keys, and the arguments."""


class StoreConnection(Protocol):
    """A connection to the store."""

    def call(self, *command: Argument) -> Awaitable[Any]:
        """Return the store's reply to a command; see `PipelinedConnection.call`."""


class ScriptRunner:
    """Runs scripts through one connection."""

    def __init__(self, connection: StoreConnection) -> None:
        self._connection = connection
        self._refusals = Refusals()

    async def run(self, script: Script, parameters: Parameters) -> Any:
        """Return the result of a script.

        Args:
            script: The script.

            parameters: Makes its parameters, each time it is sent.

        Raises:
            StoreUnavailable: The store is not reachable, did not reply in time, or refuses the
                call. A cause of refusals is logged once; an unreachable store is logged by the
                monitor.

            StoreFull: The store has no memory left, and the script was sent once.
        """
        started = time.monotonic()
        sent_before = False
        try:
            try:
                reply = await self._send(script, parameters)
            except ConnectionLost:
                sent_before = True
                async with asyncio.timeout(started + RESEND_WITHIN_S - time.monotonic()):
                    reply = await self._resend(script, parameters)
        except (RedisError, OSError) as error:
            raise self._refusals.failure(error, sent_before=sent_before) from error
        self._refusals.observe_reply()
        return reply

    async def _resend(self, script: Script, parameters: Parameters) -> Any:
        try:
            return await self._send(script, parameters)
        except ConnectionLost:
            await asyncio.sleep(RESEND_DELAY_S)
            return await self._send(script, parameters)

    async def _send(self, script: Script, parameters: Parameters) -> Any:
        try:
            return await self._connection.call("EVALSHA", script.sha, *parameters())
        except NoScriptError:
            return await self._connection.call("EVAL", script.source, *parameters())

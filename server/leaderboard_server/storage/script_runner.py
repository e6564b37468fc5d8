"""Runs scripts on a connection to the store, and sends them again when it breaks.

A commit that was applied already is recognised by its sequence number and gets its first reply
again, and a read has no effect. The parameters of a script are made again each time, since the
store may be another one by then, which lacks what this server has seen meanwhile.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import structlog
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError

from leaderboard_server.callbacks import Done, settle
from leaderboard_server.storage.instruments import StoreInstruments
from leaderboard_server.storage.pipelined_connection import Argument, ReplyReceiver
from leaderboard_server.storage.refusals import Refusals
from leaderboard_server.storage.scripts import Script
from leaderboard_server.tasks import TaskSet

_log = structlog.get_logger()

RESEND_WITHIN_S = 2.0
"""How long a script is sent again after its connection broke. One that got no reply in time is not
sent again: the connection fails it with a timeout."""
RESEND_DELAY_S = 0.02
"""The delay before the second resend. The first one follows at once, which is enough to replace a
dead idle connection; waiting for a store that is down longer is left to the caller."""

Result = TypeVar("Result")
Parameters: TypeAlias = Callable[[], tuple[Argument, ...]]
"""Makes the parameters of a script: the number of keys, the keys, and the arguments."""


class StoreConnection(Protocol):
    """A connection to the store."""

    def call(self, *command: Argument) -> Awaitable[Any]:
        """Return the store's reply to a command; see `PipelinedConnection.call`."""

    def send(self, command: tuple[Argument, ...], receiver: ReplyReceiver) -> bool:
        """Send a command if the connection is open; see `PipelinedConnection.send`."""


class ScriptRunner:
    """Runs scripts through one connection."""

    def __init__(self, connection: StoreConnection, instruments: StoreInstruments) -> None:
        """Run them, and count them by `instruments`."""
        self._connection = connection
        self._instruments = instruments
        self._seconds = instruments.call_seconds
        self._refusals = Refusals()
        self._tasks = TaskSet(name="send-script-again")

    async def run(
        self, script: Script, parameters: Parameters, decode: Callable[[Any], Result]
    ) -> Result:
        """Return the result of a script.

        Args:
            script: The script.

            parameters: Makes its parameters, each time it is sent.

            decode: Decodes the reply. What it raises is the error of the call.

        Raises:
            StoreUnavailable: The store is not reachable, did not reply in time, or refuses the
                call. A cause of refusals is logged once; an unreachable store is logged by the
                monitor.

            StoreFull: The store has no memory left, and the script was sent once.
        """
        result: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.start(script, parameters, decode, partial(settle, result))
        return await result

    def start(
        self,
        script: Script,
        parameters: Parameters,
        decode: Callable[[Any], Result],
        done: Done[Result],
    ) -> None:
        """Run a script, and pass on what `run` returns or raises.

        As long as the connection is open, neither a task nor a future is made for it.
        """
        run = _Run(self, script, parameters, decode, done)
        if not self._connection.send(("EVALSHA", script.sha, *parameters()), run):
            self.continue_later(run, None)

    def succeed(self, run: "_Run[Any]", reply: Any) -> None:
        """End a run with the reply."""
        self._seconds[run.script.name].observe(time.monotonic() - run.started)
        self._refusals.observe_reply()
        try:
            result = run.decode(reply)
        except Exception as error:  # noqa: BLE001 - the caller gets it, whatever it is
            run.done(error)
        else:
            run.done(result)

    def fail(self, run: "_Run[Any]", error: Exception, *, sent_before: bool = False) -> None:
        """End a run with an error of the connection; `sent_before` as in `Refusals.failure`."""
        failure = self._refusals.failure(error, sent_before=sent_before)
        self._instruments.count_failure(run.script.name, failure)
        run.done(failure)

    def continue_later(self, run: "_Run[Any]", error: Exception | None) -> None:
        """Go on with a run that was not sent, as the connection was not open, or got an error."""
        self._tasks.start(self._go_on(run, error))

    async def _go_on(self, run: "_Run[Any]", error: Exception | None) -> None:
        sent_before = False
        try:
            try:
                reply = await self._send_after(run, error)
            except ConnectionLost:
                sent_before = True
                async with asyncio.timeout(run.started + RESEND_WITHIN_S - time.monotonic()):
                    reply = await self._resend(run)
        except (RedisError, OSError) as failure:
            self.fail(run, failure, sent_before=sent_before)
        except Exception as defect:  # noqa: BLE001 - the caller gets it, whatever it is
            run.done(defect)
        else:
            self.succeed(run, reply)

    async def _send_after(self, run: "_Run[Any]", error: Exception | None) -> Any:
        """Send a script after the error of its first command, if it was sent and may be again."""
        if error is None:
            return await self._send(run)
        if isinstance(error, NoScriptError):
            return await self._connection.call("EVAL", run.script.source, *run.parameters())
        raise error

    async def _resend(self, run: "_Run[Any]") -> Any:
        try:
            return await self._send_again(run)
        except ConnectionLost:
            await asyncio.sleep(RESEND_DELAY_S)
            return await self._send_again(run)

    async def _send_again(self, run: "_Run[Any]") -> Any:
        self._instruments.resends.add()
        _log.debug("script_resent", script=run.script.name)
        return await self._send(run)

    async def _send(self, run: "_Run[Any]") -> Any:
        try:
            return await self._connection.call("EVALSHA", run.script.sha, *run.parameters())
        except NoScriptError:
            return await self._connection.call("EVAL", run.script.source, *run.parameters())


class _Run(Generic[Result]):
    """One run of a script; receives the reply to its first command."""

    __slots__ = ("_runner", "decode", "done", "parameters", "script", "started")

    def __init__(
        self,
        runner: ScriptRunner,
        script: Script,
        parameters: Parameters,
        decode: Callable[[Any], Result],
        done: Done[Result],
    ) -> None:
        self._runner = runner
        self.script = script
        self.parameters = parameters
        self.decode = decode
        self.done = done
        self.started = time.monotonic()

    def on_reply(self, reply: Any) -> None:
        """See `ReplyReceiver`."""
        self._runner.succeed(self, reply)

    def on_error(self, error: Exception) -> None:
        """See `ReplyReceiver`."""
        if isinstance(error, ConnectionLost | NoScriptError):
            self._runner.continue_later(self, error)
        else:
            self._runner.fail(self, error)

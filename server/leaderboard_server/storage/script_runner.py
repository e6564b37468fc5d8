"""Runs scripts on a connection to the store, and sends them again when it breaks.

A commit that was applied already is recognised by its sequence number and gets its first reply
again, and a read has no effect. The parameters of a script are made again each time, since the
store may be another one by then, which lacks what this server has seen meanwhile.
"""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

import structlog
from redis.exceptions import ConnectionError as ConnectionLost
from redis.exceptions import NoScriptError, RedisError

from leaderboard_server.callbacks import Done, settle
from leaderboard_server.storage.cluster.redirection import Redirected
from leaderboard_server.storage.instruments import StoreInstruments
from leaderboard_server.storage.refusals import Refusals
from leaderboard_server.storage.resp_protocol import Argument
from leaderboard_server.storage.scripts import Script
from leaderboard_server.storage.store_connection import StoreConnection
from leaderboard_server.tasks import TaskSet

_log = structlog.get_logger()

RESEND_WITHIN_S = 2.0
"""How long a script is sent again after its connection broke. One that got no reply in time is not
sent again: the connection fails it with a timeout."""
RESEND_DELAYS_S = (0.0, 0.02)
"""The delays before resends. The first one follows at once, which is enough to replace a dead idle
connection; waiting for a store that is down longer is left to the caller."""
REDIRECTION_DELAYS_S = (0.0, 0.01, 0.02, 0.04, 0.08, 0.16)
"""The delays before a script that a node of a cluster did not run is sent again. A failover or a
slot that is being moved may last longer, which is left to the caller."""

Result = TypeVar("Result")
Parameters: TypeAlias = Callable[[], tuple[Argument, ...]]
"""Makes the parameters of a script: the number of keys, the keys, and the arguments."""


class ScriptRunner:
    """Runs scripts through one connection."""

    def __init__(
        self,
        connection: StoreConnection,
        instruments: StoreInstruments,
        *,
        in_cluster: bool = False,
    ) -> None:
        """Run them, and count them by `instruments`; in a cluster run the variants for that."""
        self._connection = connection
        self._in_cluster = in_cluster
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
        if self._in_cluster:
            script = script.for_cluster
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

    def fail(self, run: "_Run[Any]", error: Exception) -> None:
        """End a run with an error of the connection."""
        failure = self._refusals.failure(error, sent_before=run.sent_before)
        self._instruments.count_failure(run.script.name, failure)
        run.done(failure)

    def continue_later(self, run: "_Run[Any]", error: Exception | None) -> None:
        """Go on with a run that was not sent, as the connection was not open, or got an error."""
        self._tasks.start(self._go_on(run, error))

    async def _go_on(self, run: "_Run[Any]", error: Exception | None) -> None:
        try:
            reply = await self._reply(run, error)
        except (RedisError, OSError) as failure:
            self.fail(run, failure)
        except Exception as defect:  # noqa: BLE001 - the caller gets it, whatever it is
            run.done(defect)
        else:
            self.succeed(run, reply)

    async def _reply(self, run: "_Run[Any]", error: Exception | None) -> Any:
        """Send a script, and again where that may help, and return the reply.

        The error is that of its first command, None if it was not sent.
        """
        resends, redirections = iter(RESEND_DELAYS_S), iter(REDIRECTION_DELAYS_S)
        async with asyncio.timeout(None) as limit:
            while True:
                if isinstance(error, ConnectionLost):
                    is_lost = not isinstance(error, Redirected)
                    delay = next(resends if is_lost else redirections, None)
                    if delay is None:
                        raise error
                    if is_lost and not run.sent_before:
                        run.sent_before = True
                        left = run.started + RESEND_WITHIN_S - time.monotonic()
                        limit.reschedule(asyncio.get_running_loop().time() + left)
                    await asyncio.sleep(delay)
                try:
                    return await self._send_after(run, error)
                except ConnectionLost as failure:
                    error = failure

    async def _send_after(self, run: "_Run[Any]", error: Exception | None) -> Any:
        """Send a script that was not sent yet, or that may be sent again after an error."""
        send = self._connection.call
        if isinstance(error, Redirected):
            self._instruments.redirections.add()
            _log.debug("script_redirected", script=run.script.name, reason=str(error))
            send = error.send or send
        elif isinstance(error, ConnectionLost):
            self._instruments.resends.add()
            _log.debug("script_resent", script=run.script.name)
        elif isinstance(error, NoScriptError):
            return await send("EVAL", run.script.source, *run.parameters())
        elif error is not None:
            raise error
        try:
            return await send("EVALSHA", run.script.sha, *run.parameters())
        except NoScriptError:
            return await send("EVAL", run.script.source, *run.parameters())


class _Run(Generic[Result]):
    """One run of a script; receives the reply to its first command."""

    __slots__ = ("_runner", "decode", "done", "parameters", "script", "sent_before", "started")

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
        self.sent_before = False
        """Whether it may have been applied by a command that got no reply."""

    def on_reply(self, reply: Any) -> None:
        """See `ReplyReceiver`."""
        self._runner.succeed(self, reply)

    def on_error(self, error: Exception) -> None:
        """See `ReplyReceiver`."""
        if isinstance(error, ConnectionLost | NoScriptError):
            self._runner.continue_later(self, error)
        else:
            self._runner.fail(self, error)

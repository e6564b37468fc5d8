"""Spans of the scripts that the store runs: one for each command that a traced call sends."""

from collections.abc import Awaitable, Hashable
from typing import Any

from redis.exceptions import NoScriptError

from leaderboard_server.storage import scripts
from leaderboard_server.storage.resp_protocol import Argument, ReplyReceiver
from leaderboard_server.storage.store_connection import Layout, StoreConnection
from leaderboard_server.tracing.spans import Span, Tracer, current_span, working_for

_SCRIPTS: dict[Argument, str] = {
    text: script.name
    for script in (*scripts.ALL, *(script.for_cluster for script in scripts.ALL))
    for text in (script.sha, script.source)
}
"""The names of scripts by their hash, as `EVALSHA` has it, and by their source."""


class TracedConnection:
    """A connection to the store whose commands have spans; implements `StoreConnection`."""

    def __init__(self, connection: StoreConnection, tracer: Tracer) -> None:
        self._connection = connection
        self._tracer = tracer

    def call(self, *command: Argument) -> Awaitable[Any]:
        """See `StoreConnection.call`."""
        parent = current_span()
        return self._call(parent, command) if parent else self._connection.call(*command)

    async def _call(self, parent: Span, command: tuple[Argument, ...]) -> Any:
        span = self._start(parent, command)
        try:
            return await self._connection.call(*command)
        except BaseException as error:
            _fail(span, error)
            raise
        finally:
            span.end()

    def send(self, command: tuple[Argument, ...], receiver: ReplyReceiver) -> bool:
        """See `StoreConnection.send`.

        The reply arrives in the context that the connection was opened in; what follows from it is
        work for the span that is current now.
        """
        parent = current_span()
        span = self._start(parent, command) if parent else None
        # Without a connection nothing is sent: the span is dropped, and `call` has its own.
        return self._connection.send(command, _Receiver(receiver, parent, span))

    def shard_of(self, key: str) -> Hashable:
        """See `StoreConnection.shard_of`."""
        return self._connection.shard_of(key)

    async def layout(self) -> Layout:
        """See `StoreConnection.layout`; commands to single nodes have no spans."""
        return await self._connection.layout()

    def _start(self, parent: Span, command: tuple[Argument, ...]) -> Span:
        operation = str(command[0])
        script = _SCRIPTS.get(command[1]) if len(command) > 1 else None
        attributes = {"db.system.name": "redis", "db.operation.name": operation}
        if script is None:
            return self._tracer.start_store_call(operation, parent, attributes)
        attributes["db.stored_procedure.name"] = script
        return self._tracer.start_store_call(f"{operation} {script}", parent, attributes)


class _Receiver:
    """Ends the span of a command with its reply; a `ReplyReceiver`."""

    __slots__ = ("_parent", "_receiver", "_span")

    def __init__(self, receiver: ReplyReceiver, parent: Span | None, span: Span | None) -> None:
        self._receiver = receiver
        self._parent = parent
        self._span = span

    def on_reply(self, reply: Any) -> None:
        if self._span:
            self._span.end()
        with working_for(self._parent):
            self._receiver.on_reply(reply)

    def on_error(self, error: Exception) -> None:
        if self._span:
            _fail(self._span, error)
            self._span.end()
        with working_for(self._parent):
            self._receiver.on_error(error)


def _fail(span: Span, error: BaseException) -> None:
    if isinstance(error, NoScriptError):
        # Expected of a new store: the source is sent next.
        span.set("db.response.status_code", "NOSCRIPT")
    else:
        span.fail(type(error).__name__)

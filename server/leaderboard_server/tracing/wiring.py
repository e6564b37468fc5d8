"""Puts traced variants around parts of the server, if the environment asks for traces."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from leaderboard_server.board.call_batcher import CallBatcher, MakeBatcher
from leaderboard_server.storage.store_connection import StoreConnection
from leaderboard_server.tracing.batches import TracedBatcher
from leaderboard_server.tracing.calls import CallTracing
from leaderboard_server.tracing.spans import Tracer
from leaderboard_server.tracing.store import TracedConnection
from leaderboard_server.transport.listener import Listener, Responder, Services


class Tracing(Protocol):
    """Returns parts of the server as they are to be used, until `close`."""

    is_on: bool
    """Whether there are spans."""

    def connection(self, connection: StoreConnection) -> StoreConnection:
        """Return a connection to the store."""

    def make_batcher(self, name: str) -> MakeBatcher:
        """Return what makes batchers, whose batches have this name."""

    def services(
        self, listener: Listener, make_services: Callable[[Responder], Services]
    ) -> Services:
        """Return the services of a listener, made with what takes their answers."""

    async def close(self) -> None:
        """Export the last spans, once the listener has stopped."""


class Untraced:
    """Returns every part as it is."""

    is_on = False

    def connection(self, connection: StoreConnection) -> StoreConnection:
        """See `Tracing`."""
        return connection

    def make_batcher(self, name: str) -> MakeBatcher:  # noqa: ARG002 - there are no spans
        """See `Tracing`."""
        return CallBatcher

    def services(
        self, listener: Listener, make_services: Callable[[Responder], Services]
    ) -> Services:
        """See `Tracing`."""
        return make_services(listener)

    async def close(self) -> None:
        """See `Tracing`."""


class Traced:
    """Returns the traced variant of each part."""

    is_on = True

    def __init__(self, tracer: Tracer, close: Callable[[], Awaitable[None]]) -> None:
        """Make spans by `tracer`; `close` exports the last ones."""
        self._tracer = tracer
        self._close = close
        self._calls: list[CallTracing] = []

    def connection(self, connection: StoreConnection) -> StoreConnection:
        """See `Tracing`."""
        return TracedConnection(connection, self._tracer)

    def make_batcher(self, name: str) -> MakeBatcher:
        """See `Tracing`."""
        return partial(TracedBatcher, name=name, tracer=self._tracer)

    def services(
        self, listener: Listener, make_services: Callable[[Responder], Services]
    ) -> Services:
        """See `Tracing`."""
        calls = CallTracing(self._tracer, listener)
        self._calls.append(calls)
        return calls.traced(make_services(calls))

    async def close(self) -> None:
        """See `Tracing`."""
        for calls in self._calls:
            calls.close()
        await self._close()

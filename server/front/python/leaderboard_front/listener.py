"""The listener for asyncio: handlers are coroutines; their responses are returned in batches."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from inspect import iscoroutinefunction
from typing import Any, TypeAlias

from leaderboard_front._native import Front
from leaderboard_front.settings import Settings, Status
from leaderboard_front.stream import Stream

UnaryHandler: TypeAlias = Callable[[bytes], Awaitable[bytes]]
StreamHandler: TypeAlias = Callable[[bytes, Stream], Awaitable[None]]
BidiHandler: TypeAlias = Callable[[AsyncIterator[bytes], Stream], Awaitable[None]]

MAX_EVENTS_PER_TURN = 512
"""Events that are handled in one turn of the loop."""
OK, CANCELLED, RESOURCE_EXHAUSTED = 0, 1, 8


@dataclass(frozen=True)
class Handlers:
    """The served methods by path.

    A unary handler that returns a future, and is not a coroutine function, needs no task. The
    future is cancelled when its call is.
    """

    unary: Mapping[str, UnaryHandler] = field(default_factory=dict)
    stream: Mapping[str, StreamHandler] = field(default_factory=dict)
    bidi: Mapping[str, BidiHandler] = field(default_factory=dict)


class Listener:
    """Serves handlers on one address. Open from `start` to `stop`."""

    def __init__(
        self, settings: Settings, handlers: Handlers, status_of: Callable[[Exception], Status]
    ) -> None:
        """Create a listener, which is not open yet.

        Args:
            settings: Its methods are replaced by those of the handlers.

            handlers: The served methods.

            status_of: Converts an exception of a handler to a status. Must not raise.
        """
        self.front = Front(
            replace(
                settings,
                unary=list(handlers.unary),
                stream=list(handlers.stream),
                bidi=list(handlers.bidi),
            )
        )
        self.stopped: asyncio.Future[None]
        """Done when the listener has stopped. Before `stop` was called, that is a defect."""
        self._handlers = handlers
        self._status_of = status_of
        self._coroutines = {
            path: unary for path, unary in handlers.unary.items() if iscoroutinefunction(unary)
        }
        self._running: dict[int, asyncio.Future[Any]] = {}
        self._streams: dict[int, Stream] = {}
        self._responses: list[tuple[int, bytes | None, int, str, bytes | None]] = []
        self._events: tuple[Callable[..., None], ...] = (
            self._on_call,
            self._on_request,
            self._on_cancelled,
            self._on_writable,
            self._on_evicted,
            self._on_stalled,
            self._on_stopped,
        )

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address can't be listened on.
        """
        self._loop = asyncio.get_running_loop()
        self.stopped = self._loop.create_future()
        port = self.front.start()
        self._loop.add_reader(self.front.fileno(), self._handle_events)
        return port

    async def stop(self, grace_s: float) -> None:
        """Accept no more calls, and wait for the open ones, for the grace at most."""
        self.front.stop(grace_s)
        await self.stopped
        self._loop.remove_reader(self.front.fileno())
        self.front.join_thread()
        remaining = list(self._running.values())
        for work in remaining:
            work.cancel()
        await asyncio.gather(*remaining, return_exceptions=True)

    def _handle_events(self) -> None:
        events = self._events
        for event in self.front.take(MAX_EVENTS_PER_TURN):
            events[event[0]](*event[1:])

    def _on_call(self, call: int, path: str, request: Any) -> None:
        if coroutine := self._coroutines.get(path):
            work = self._run_unary(call, coroutine, request)
        elif unary := self._handlers.unary.get(path):
            self._start_unary(call, unary, request)
            return
        else:
            stream = self._streams[call] = Stream(self.front, call)
            work = (
                self._run_stream(call, self._handlers.bidi[path], stream.requests(), stream)
                if request is None
                else self._run_stream(call, self._handlers.stream[path], request, stream)
            )
        self._running[call] = self._loop.create_task(work)

    async def _run_unary(self, call: int, unary: UnaryHandler, request: bytes) -> None:
        try:
            self._end(call, await unary(request), OK, "", None)
        except asyncio.CancelledError:
            self._end(call, None, CANCELLED, "the call was cancelled", None)
            raise
        except Exception as error:  # noqa: BLE001 - `status_of` converts every error
            self._refuse(call, error)

    def _start_unary(self, call: int, unary: UnaryHandler, request: bytes) -> None:
        try:
            future = asyncio.ensure_future(unary(request))
        except Exception as error:  # noqa: BLE001 - `status_of` converts every error
            self._refuse(call, error)
            return
        self._running[call] = future
        future.add_done_callback(lambda future: self._respond(call, future))

    def _respond(self, call: int, future: asyncio.Future[bytes]) -> None:
        if future.cancelled():
            self._end(call, None, CANCELLED, "the call was cancelled", None)
            return
        error = future.exception()
        if isinstance(error, Exception):
            self._refuse(call, error)
        else:
            self._end(call, future.result(), OK, "", None)

    async def _run_stream(self, call: int, handler: Callable[..., Any], *arguments: Any) -> None:
        try:
            await handler(*arguments)
            self._end(call, None, OK, "", None)
        except asyncio.CancelledError:
            self._end(call, None, CANCELLED, "the call was cancelled", None)
            raise
        except Exception as error:  # noqa: BLE001 - `status_of` converts every error
            self._refuse(call, error)

    def _refuse(self, call: int, error: Exception) -> None:
        # A receiver that stalled gets every message that was sent, if it reads on after all.
        stream = self._streams.get(call)
        self._end(call, stream.unsent if stream else None, *self._status_of(error))

    def _end(
        self, call: int, message: bytes | None, code: int, text: str, details: bytes | None
    ) -> None:
        self._running.pop(call, None)
        self._streams.pop(call, None)
        if not self._responses:
            self._loop.call_soon(self._flush)
        self._responses.append((call, message, code, text, details))

    def _flush(self) -> None:
        responses, self._responses = self._responses, []
        self.front.respond(responses)

    def _on_request(self, call: int, request: bytes | None) -> None:
        if stream := self._streams.get(call):
            try:
                stream.on_request(request)
            except asyncio.QueueFull:
                self._on_cancelled(call)
                self._end(call, None, RESOURCE_EXHAUSTED, "too many requests are queued", None)

    def _on_cancelled(self, call: int) -> None:
        # A task that is cancelled before it started never ends the call itself.
        self._streams.pop(call, None)
        if work := self._running.pop(call, None):
            work.cancel()

    def _on_writable(self, call: int) -> None:
        if stream := self._streams.get(call):
            stream.on_writable()

    def _on_evicted(self, call: int, cursor: int, subscription: int) -> None:
        if stream := self._streams.get(call):
            stream.on_evicted(cursor, subscription)

    def _on_stalled(self, call: int) -> None:
        if stream := self._streams.get(call):
            stream.on_stalled()

    def _on_stopped(self) -> None:
        self.stopped.set_result(None)

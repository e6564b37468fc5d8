"""The listener for asyncio: handlers are coroutines; their responses are returned in batches."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from leaderboard_front._native import Front
from leaderboard_front.settings import Settings, Status
from leaderboard_front.stream import Stream

UnaryHandler: TypeAlias = Callable[[bytes], Awaitable[bytes]]
BatchHandler: TypeAlias = Callable[[Sequence[tuple[int, bytes]]], None]
StreamHandler: TypeAlias = Callable[[bytes, Stream], Awaitable[None]]
BidiHandler: TypeAlias = Callable[[AsyncIterator[bytes], Stream], Awaitable[None]]

MAX_EVENTS_PER_TURN = 512
"""Events that are handled in one turn of the loop."""
OK, CANCELLED, RESOURCE_EXHAUSTED = 0, 1, 8


@dataclass(frozen=True, kw_only=True)
class Handlers:
    """The served methods by path.

    A batch handler takes the number and the request of each call of a unary method that one turn
    of the loop brought. The calls are answered by `Listener.answer` or `fail`; an exception ends
    those that are not answered.
    """

    batched: Mapping[str, BatchHandler] = field(default_factory=dict)
    unary: Mapping[str, UnaryHandler] = field(default_factory=dict)
    stream: Mapping[str, StreamHandler] = field(default_factory=dict)
    bidi: Mapping[str, BidiHandler] = field(default_factory=dict)
    unlimited: frozenset[str] = frozenset()
    """The paths exempt from `max_calls`, `max_streams` and `max_queue`, such as health. One
    connection may have 100 such calls open."""


@dataclass(frozen=True)
class EndedConnections:
    """Numbers of connections that were ended or refused within a second or more."""

    refused: int
    """Over the limit, while none was idle."""
    idle: int
    """Ended to make room for others."""
    flood: int
    """Ended for too many control frames."""
    unread: int
    """Ended for too many unread responses."""


class Listener:
    """Serves handlers on one address. Open from `start` to `stop`."""

    def __init__(
        self,
        settings: Settings,
        status_of: Callable[[Exception], Status],
        on_ended: Callable[[EndedConnections], None] = lambda _: None,
    ) -> None:
        """Create a listener, which is not open yet.

        Args:
            settings: Address and limits.

            status_of: Converts an exception of a handler to a status. Must not raise.

            on_ended: Called at most once a second, if connections were ended or refused since.
        """
        self.front = Front(settings)
        self.stopped: asyncio.Future[None]
        """Done when the listener has stopped. Before `stop` was called, that is a defect."""
        self._status_of = status_of
        self._on_ended = on_ended
        self._batch_handlers: list[BatchHandler] = []
        """The handlers of the first methods, by their numbers."""
        self._methods: list[Callable[[int, Any], None]] = []
        """Starts a call of each other method, by its number after those."""
        self._open: set[int] = set()
        """The calls of batch handlers that have no answer yet."""
        self._answers: list[tuple[int, bytes]] = []
        self._running: dict[int, asyncio.Task[Any]] = {}
        self._streams: dict[int, Stream] = {}
        self._responses: list[tuple[int, bytes | None, int, str, bytes | None]] = []
        self._events: tuple[Callable[..., None], ...] = (
            self._on_call,
            self._on_request,
            self._on_cancelled,
            self._on_writable,
            self._on_evicted,
            self._on_stalled,
            self._on_connections,
            self._on_stopped,
            self._on_batch,
        )

    async def start(self, handlers: Handlers) -> int:
        """Serve the handlers, and return the port.

        Raises:
            OSError: The address can't be listened on.
        """
        self._loop = asyncio.get_running_loop()
        self.stopped = self._loop.create_future()
        self._batch_handlers = list(handlers.batched.values())
        self._methods = [
            *(partial(self._start_task, handler) for handler in handlers.unary.values()),
            *(partial(self._start_stream, handler) for handler in handlers.stream.values()),
            *(partial(self._start_stream, handler) for handler in handlers.bidi.values()),
        ]
        port = self.front.start(
            list(handlers.batched),
            list(handlers.unary),
            list(handlers.stream),
            list(handlers.bidi),
            handlers.unlimited,
        )
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

    def is_open(self, call: int) -> bool:
        """Return whether a call of a batch handler still waits for its answer."""
        return call in self._open

    def answer(self, call: int, message: bytes) -> None:
        """Answer a call of a batch handler. Nothing happens if it is over."""
        self._open.discard(call)
        if not self._answers:
            self._loop.call_soon(self._flush_answers)
        self._answers.append((call, message))

    def fail(self, call: int, error: Exception) -> None:
        """End a call of a batch handler with the status of an error, unless it is over."""
        if call in self._open:
            self._open.remove(call)
            self._fail(call, error)

    def _flush_answers(self) -> None:
        answers, self._answers = self._answers, []
        self.front.answer(answers)

    def _on_batch(self, method: int, calls: list[tuple[int, bytes]]) -> None:
        self._open.update([call for call, _ in calls])
        try:
            self._batch_handlers[method](calls)
        except Exception as error:  # noqa: BLE001 - `status_of` converts every error
            for call in self._open.intersection([call for call, _ in calls]):
                self.fail(call, error)

    def _on_call(self, call: int, method: int, request: Any) -> None:
        self._methods[method - len(self._batch_handlers)](call, request)

    def _start_task(self, handler: Callable[..., Any], call: int, *arguments: Any) -> None:
        self._running[call] = self._loop.create_task(self._run(call, handler, *arguments))

    def _start_stream(self, handler: Callable[..., Any], call: int, request: bytes | None) -> None:
        stream = self._streams[call] = Stream(self.front, call)
        requests = stream.requests() if request is None else request
        self._start_task(handler, call, requests, stream)

    async def _run(self, call: int, handler: Callable[..., Any], *arguments: Any) -> None:
        try:
            self._end(call, await handler(*arguments), OK, "", None)
        except asyncio.CancelledError:
            self._end(call, None, CANCELLED, "the call was cancelled", None)
            raise
        except Exception as error:  # noqa: BLE001 - `status_of` converts every error
            self._fail(call, error)

    def _fail(self, call: int, error: Exception) -> None:
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
        self._open.discard(call)
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

    def _on_connections(self, *numbers: int) -> None:
        self._on_ended(EndedConnections(*numbers))

    def _on_stopped(self) -> None:
        self.stopped.set_result(None)

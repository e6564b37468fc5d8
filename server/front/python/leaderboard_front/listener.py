"""The listener for asyncio: handlers are coroutines; their responses are returned in batches."""

import asyncio
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

from leaderboard_front._native import Front
from leaderboard_front.counts import (
    UNKNOWN_METHOD,
    Counts,
    EndedCall,
    EndedConnections,
    read_counts,
)
from leaderboard_front.handlers import BatchHandler, Handlers
from leaderboard_front.settings import Settings, Status
from leaderboard_front.stream import Stream

MAX_EVENTS_PER_TURN = 512
"""Events that are handled in one turn of the loop."""
OK, CANCELLED, RESOURCE_EXHAUSTED = 0, 1, 8
_current_call: ContextVar[int] = ContextVar("_current_call")
"""The number of the call that a task serves."""


class Listener:
    """Serves handlers on one address. Open from `start` to `stop`."""

    def __init__(
        self,
        settings: Settings,
        status_of: Callable[[Exception], Status],
        on_ended: Callable[[EndedConnections], None] = lambda _: None,
        on_ended_calls: Callable[[Sequence[EndedCall]], None] = lambda _: None,
    ) -> None:
        """Create a listener, which is not open yet.

        Args:
            settings: Address and limits.

            status_of: Converts an exception of a handler to a status. Must not raise.

            on_ended: Called at most once a second, if connections were ended or refused since.

            on_ended_calls: Called with the records of ended calls, if `settings` asks for them:
                with up to 250 at a time, some 10 ms after their end, or later if there are more.
                Up to 10,000 records, with 16 MiB of requests, wait for their turn; others are
                dropped and counted.
        """
        self.front = Front(settings)
        self.stopped: asyncio.Future[None]
        """Done when the listener has stopped. Before `stop` was called, that is a defect."""
        self._status_of = status_of
        self._on_ended = on_ended
        self._report_ended_calls = on_ended_calls
        self._paths: Sequence[str] = ()
        """The paths by the numbers of the methods, and that of calls of no method."""
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
            self._on_ended_calls,
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
        batched, unary = list(handlers.batched), list(handlers.unary)
        stream, bidi = list(handlers.stream), list(handlers.bidi)
        self._paths = [*batched, *unary, *stream, *bidi, UNKNOWN_METHOD]
        port = self.front.start(batched, unary, stream, bidi, handlers.unlimited)
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

    def counts(self) -> Counts:
        """Return what was counted since the start. No count ever falls."""
        return read_counts(self._paths, self.front.counts())

    def trace_context(self, call: int | None = None) -> str | None:
        """Return the valid `traceparent` of an open call, if there is one and they are kept.

        Args:
            call: The number of a call of a batch handler; None for the call of this task, which
                runs a handler.
        """
        if call is None:
            call = _current_call.get(None)
        return None if call is None else self.front.trace_context(call)

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
        _current_call.set(call)
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

    def _on_ended_calls(self, records: list[Any]) -> None:
        paths = self._paths
        ended = [EndedCall(paths[method], *rest) for method, *rest in records]
        if ended:
            # In a turn of its own, so that what it raises stops nothing else.
            self._loop.call_soon(self._report_ended_calls, ended)

    def _on_stopped(self) -> None:
        self.stopped.set_result(None)

"""The listener under asyncio: handlers are coroutines; what they answer goes back in batches."""

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
BidirectionalHandler: TypeAlias = Callable[[AsyncIterator[bytes], Stream], Awaitable[None]]

TAKEN_AT_ONCE = 512
"""Events that are taken up before the loop goes on to other things."""
OK, CANCELLED, RESOURCE_EXHAUSTED = 0, 1, 8


@dataclass(frozen=True)
class Handlers:
    """What is served, by path.

    A unary handler that is no coroutine function, but returns a future, costs no task. The future
    is cancelled when its call is.
    """

    unary: Mapping[str, UnaryHandler] = field(default_factory=dict)
    streaming: Mapping[str, StreamHandler] = field(default_factory=dict)
    bidirectional: Mapping[str, BidirectionalHandler] = field(default_factory=dict)


class Listener:
    """Serves handlers on one address. Open from `start` to `stop`."""

    def __init__(
        self, settings: Settings, handlers: Handlers, status_of: Callable[[Exception], Status]
    ) -> None:
        """Take what is served.

        Args:
            settings: The methods in it are those of the handlers, whatever it says.

            handlers: What is served.

            status_of: Turns what a handler raises into a status. Must not raise.
        """
        self.front = Front(
            replace(
                settings,
                unary=list(handlers.unary),
                streaming=list(handlers.streaming),
                bidirectional=list(handlers.bidirectional),
            )
        )
        self.stopped: asyncio.Future[None]
        """Done when the listener has stopped; before `stop` was called, that is a defect."""
        self._handlers = handlers
        self._status_of = status_of
        self._coroutines = {
            path: unary for path, unary in handlers.unary.items() if iscoroutinefunction(unary)
        }
        self._running: dict[int, asyncio.Future[Any]] = {}
        self._streams: dict[int, Stream] = {}
        self._answers: list[tuple[int, bytes | None, int, str, bytes | None]] = []
        self._events: tuple[Callable[..., None], ...] = (
            self._on_call,
            self._on_request,
            self._on_cancelled,
            self._on_room,
            self._on_lagged,
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
        self._loop.add_reader(self.front.fileno(), self._take)
        return port

    async def stop(self, grace_s: float) -> None:
        """Take no more calls, and wait for those under way, for the grace at most."""
        self.front.stop(grace_s)
        await self.stopped
        self._loop.remove_reader(self.front.fileno())
        self.front.join_thread()
        left = list(self._running.values())
        for call in left:
            call.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _take(self) -> None:
        events = self._events
        for event in self.front.take(TAKEN_AT_ONCE):
            events[event[0]](*event[1:])

    def _on_call(self, call: int, path: str, request: Any) -> None:
        if coroutine := self._coroutines.get(path):
            work = self._answer(call, coroutine, request)
        elif unary := self._handlers.unary.get(path):
            self._begin(call, unary, request)
            return
        else:
            stream = self._streams[call] = Stream(self.front, call)
            work = (
                self._converse(call, self._handlers.bidirectional[path], stream.requests(), stream)
                if request is None
                else self._converse(call, self._handlers.streaming[path], request, stream)
            )
        self._running[call] = self._loop.create_task(work)

    async def _answer(self, call: int, unary: UnaryHandler, request: bytes) -> None:
        try:
            self._end(call, await unary(request), OK, "", None)
        except asyncio.CancelledError:
            self._end(call, None, CANCELLED, "the call was cancelled", None)
            raise
        except Exception as error:  # noqa: BLE001 - the table of statuses knows what it is
            self._refuse(call, error)

    def _begin(self, call: int, unary: UnaryHandler, request: bytes) -> None:
        try:
            answer = asyncio.ensure_future(unary(request))
        except Exception as error:  # noqa: BLE001 - the table of statuses knows what it is
            self._refuse(call, error)
            return
        self._running[call] = answer
        answer.add_done_callback(lambda answer: self._answer_with(call, answer))

    def _answer_with(self, call: int, answer: asyncio.Future[bytes]) -> None:
        if answer.cancelled():
            self._end(call, None, CANCELLED, "the call was cancelled", None)
            return
        error = answer.exception()
        if isinstance(error, Exception):
            self._refuse(call, error)
        else:
            self._end(call, answer.result(), OK, "", None)

    async def _converse(self, call: int, handler: Callable[..., Any], *arguments: Any) -> None:
        try:
            await handler(*arguments)
            self._end(call, None, OK, "", None)
        except asyncio.CancelledError:
            self._end(call, None, CANCELLED, "the call was cancelled", None)
            raise
        except Exception as error:  # noqa: BLE001 - the table of statuses knows what it is
            self._refuse(call, error)

    def _refuse(self, call: int, error: Exception) -> None:
        # Who stalled gets all that was said to be sent, if it takes something after all.
        stream = self._streams.get(call)
        self._end(call, stream.unsent if stream else None, *self._status_of(error))

    def _end(
        self, call: int, message: bytes | None, code: int, text: str, details: bytes | None
    ) -> None:
        self._running.pop(call, None)
        self._streams.pop(call, None)
        if not self._answers:
            self._loop.call_soon(self._flush)
        self._answers.append((call, message, code, text, details))

    def _flush(self) -> None:
        answers, self._answers = self._answers, []
        self.front.answer(answers)

    def _on_request(self, call: int, request: bytes | None) -> None:
        if stream := self._streams.get(call):
            try:
                stream.on_request(request)
            except asyncio.QueueFull:
                self._on_cancelled(call)
                self._end(call, None, RESOURCE_EXHAUSTED, "too many requests wait", None)

    def _on_cancelled(self, call: int) -> None:
        # A task that is cancelled before it began never gets to end the call.
        self._streams.pop(call, None)
        if work := self._running.pop(call, None):
            work.cancel()

    def _on_room(self, call: int) -> None:
        if stream := self._streams.get(call):
            stream.on_room()

    def _on_lagged(self, call: int, mark: int, number: int) -> None:
        if stream := self._streams.get(call):
            stream.on_lagged(mark, number)

    def _on_stalled(self, call: int) -> None:
        if stream := self._streams.get(call):
            stream.on_stalled()

    def _on_stopped(self) -> None:
        self.stopped.set_result(None)

"""Calls of batch methods on grpcio, which hands over each call by itself: lists of one."""

import asyncio
import itertools

from leaderboard_server.callbacks import settle
from leaderboard_server.transport.grpcio_counts import current_call
from leaderboard_server.transport.listener import BatchMethod, UnaryMethod


class BatchCalls:
    """The calls that wait for their answers, by number."""

    def __init__(self) -> None:
        self._answers: dict[int, asyncio.Future[bytes]] = {}
        self._trace_contexts: dict[int, str] = {}
        self._numbers = itertools.count()

    def unary(self, method: BatchMethod) -> UnaryMethod:
        """Return a batch method as one that takes a single call."""

        async def handle(request: bytes) -> bytes:
            call = next(self._numbers)
            answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._answers[call] = answer
            if trace_context := current_call().trace_context:
                self._trace_contexts[call] = trace_context
            try:
                method([(call, request)])
                return await answer
            finally:
                del self._answers[call]
                self._trace_contexts.pop(call, None)

        return handle

    def is_open(self, call: int) -> bool:
        """See `listener.Listener.is_open`."""
        return call in self._answers

    def answer(self, call: int, response: bytes) -> None:
        """See `listener.Listener.answer`."""
        if answer := self._answers.get(call):
            settle(answer, response)

    def fail(self, call: int, error: Exception) -> None:
        """See `listener.Listener.fail`."""
        if answer := self._answers.get(call):
            settle(answer, error)

    def trace_context(self, call: int) -> str | None:
        """Return the trace context of a call, if it is kept."""
        return self._trace_contexts.get(call)

"""Counts the calls on grpcio, each once when it ends, and records them if that is wanted.

A call begins when the handler of its method is looked up, which is in the task that serves it. Most
end with a status that their handler sends. Others are over when that task is: the caller gave up,
disconnected, or sent no request that grpcio accepts.
"""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from time import perf_counter
from typing import Any
from urllib.parse import unquote

from leaderboard_server.transport.grpcio_stream import Context
from leaderboard_server.transport.observation import (
    LATENCY_BOUNDS_S,
    UNKNOWN_PATH,
    CallKind,
    EndedCall,
    MethodCounts,
    Observation,
)
from leaderboard_server.transport.trace_contexts import trace_context

OK, CANCELLED, DEADLINE_EXCEEDED, UNIMPLEMENTED = 0, 1, 4, 12


class MethodCounter:
    """Counts the calls of one method."""

    __slots__ = ("_buckets", "_codes", "_kind", "_seconds", "messages_sent", "path")

    def __init__(self, path: str, kind: CallKind) -> None:
        self.path = path
        self.messages_sent = 0
        self._kind: CallKind = kind
        self._codes: dict[int, int] = {}
        self._buckets = [0] * (len(LATENCY_BOUNDS_S) + 1)
        self._seconds = 0.0

    def end(self, code: int, seconds: float) -> None:
        """Count a call that ended."""
        self._codes[code] = self._codes.get(code, 0) + 1
        self._buckets[bisect_left(LATENCY_BOUNDS_S, seconds)] += 1
        self._seconds += seconds

    def read(self) -> MethodCounts:
        """Return the counts."""
        return MethodCounts(
            path=self.path,
            kind=self._kind,
            ended=dict(self._codes),
            latency_buckets=tuple(self._buckets),
            latency_sum_s=self._seconds,
            messages_sent=self.messages_sent,
        )


class CountedCall:
    """One call, until its end is counted."""

    __slots__ = ("_ended", "_method", "_started")

    def __init__(self, method: MethodCounter) -> None:
        self._method = method
        self._started = perf_counter()
        self._ended = False

    @property
    def trace_context(self) -> str | None:
        """The valid `traceparent` of the caller, if it is kept."""
        return None

    def on_request(self, request: object, context: Context) -> None:
        """Keep what a record needs of the request: nothing here."""

    def on_sent(self, message: bytes) -> None:  # noqa: ARG002 - a record needs its size
        """Count a message that was sent."""
        self._method.messages_sent += 1

    def end(self, code: int) -> None:
        """Count the end of the call, the first time."""
        if not self._ended:
            self._ended = True
            self._on_end(code, perf_counter() - self._started)

    def on_done(self, _task: object) -> None:
        """End the call unless it has ended: nobody waits for its status."""
        self.end(CANCELLED)

    def _on_end(self, code: int, seconds: float) -> None:
        self._method.end(code, seconds)


class ObservedCall(CountedCall):
    """A call that keeps its trace context, and is recorded at its end."""

    __slots__ = ("_peer", "_record", "_request", "_response_bytes", "_trace_context")

    def __init__(
        self,
        method: MethodCounter,
        trace_context: str | None,
        record: Callable[[EndedCall], None],
    ) -> None:
        super().__init__(method)
        self._trace_context = trace_context
        self._record = record
        self._request = b""
        self._response_bytes = 0
        self._peer = ""

    @property
    def trace_context(self) -> str | None:
        """See `CountedCall.trace_context`."""
        return self._trace_context

    def on_request(self, request: object, context: Context) -> None:
        """See `CountedCall.on_request`."""
        self._peer = unquote(context.peer().partition(":")[2])
        if isinstance(request, bytes):
            self._request = request

    def on_sent(self, message: bytes) -> None:
        """See `CountedCall.on_sent`."""
        super().on_sent(message)
        self._response_bytes += len(message)

    def _on_end(self, code: int, seconds: float) -> None:
        super()._on_end(code, seconds)
        ended = EndedCall(
            path=self._method.path,
            code=code,
            seconds=seconds,
            response_bytes=self._response_bytes,
            peer=self._peer,
            request=self._request,
            trace_context=self._trace_context,
        )
        self._record(ended)


class CallCounts:
    """Counts the calls of all methods."""

    def __init__(self, kinds: Mapping[str, CallKind], observation: Observation) -> None:
        """Count the calls of these methods, and of none."""
        self._methods = {path: MethodCounter(path, kind) for path, kind in kinds.items()}
        self._unknown = MethodCounter(UNKNOWN_PATH, "unary")
        self._observation = observation
        self._observes = observation.trace_contexts or observation.on_ended is not None
        self._ended: list[EndedCall] = []

    def begin(self, path: str, metadata: Any) -> None:
        """Begin to count the call that the current task serves; an unknown path is that of none."""
        method = self._methods.get(path, self._unknown)
        call = (
            ObservedCall(method, trace_context(metadata), self._record)
            if self._observes
            else CountedCall(method)
        )
        _current_call.set(call)
        if task := asyncio.current_task():
            task.add_done_callback(call.on_done)

    def read(self) -> Sequence[MethodCounts]:
        """Return the counts of all methods, and of the calls of none."""
        return [method.read() for method in (*self._methods.values(), self._unknown)]

    def _record(self, ended: EndedCall) -> None:
        wanted = self._observation.on_ended
        if wanted is None or (self._observation.errors_only and ended.code == OK):
            return
        if not self._ended:
            asyncio.get_running_loop().call_soon(self._flush, wanted)
        self._ended.append(ended)

    def _flush(self, on_ended: Callable[[Sequence[EndedCall]], None]) -> None:
        ended, self._ended = self._ended, []
        on_ended(ended)


_current_call: ContextVar[CountedCall] = ContextVar("_current_call")


def current_call() -> CountedCall:
    """Return the call that the current task serves."""
    return _current_call.get()


def task_trace_context() -> str | None:
    """Return the trace context of the call that the current task serves, if it serves one."""
    call = _current_call.get(None)
    return None if call is None else call.trace_context


def code_of_cancelled(context: Context) -> int:
    """Return the code of a call that grpcio cancelled."""
    left = context.time_remaining()
    return DEADLINE_EXCEEDED if left is not None and left <= 0 else CANCELLED

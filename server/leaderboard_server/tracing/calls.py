"""Spans of the calls that this server serves, from the start of a method to its answer.

A sampled call of a batch method is handed over in a list of its own, so that its span is current
while the method takes it; the calls that are not sampled share a list as always. There are no spans
of health checks and reflection, nor of calls that the listener answers by itself, from its response
cache or with a refusal.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from google.rpc.code_pb2 import Code

from leaderboard_server.tracing.contest_ids import contest_id_of
from leaderboard_server.tracing.spans import CONTEST, Span, Tracer, working_for
from leaderboard_server.transport.listener import (
    BatchMethod,
    Listener,
    Services,
    Stream,
    StreamMethod,
    UnaryMethod,
)
from leaderboard_server.transport.statuses import code_of

SWEEP_S = 1.0
"""How late the span of a cancelled call of a batch method may end."""

_FAILURES = frozenset(
    (
        *(Code.UNKNOWN, Code.DEADLINE_EXCEEDED, Code.UNIMPLEMENTED),
        *(Code.INTERNAL, Code.UNAVAILABLE, Code.DATA_LOSS),
    )
)
"""The codes that are failures of a server; with the others it refuses what it was asked."""


class CallTracing:
    """Traces the calls of a listener; implements `listener.Responder` for batch methods."""

    def __init__(self, tracer: Tracer, listener: Listener) -> None:
        """Make the spans by `tracer`."""
        self._tracer = tracer
        self._listener = listener
        self._spans: dict[int, Span] = {}
        """The spans of calls of batch methods, by their numbers."""
        self._sweep: asyncio.TimerHandle | None = None
        self.is_open, self.put_response = listener.is_open, listener.put_response

    def answer(self, call: int, response: bytes) -> None:
        """See `Responder.answer`."""
        if span := self._spans.pop(call, None):
            _end(span, Code.OK if self.is_open(call) else Code.CANCELLED)
        self._listener.answer(call, response)

    def fail(self, call: int, error: Exception) -> None:
        """See `Responder.fail`."""
        if span := self._spans.pop(call, None):
            _end(span, code_of(error) if self.is_open(call) else Code.CANCELLED)
        self._listener.fail(call, error)

    def traced(self, services: Services) -> Services:
        """Return services with spans; their batch methods must answer here."""
        limited = services.unary.keys() - services.unlimited
        streams = services.stream.keys() - services.unlimited
        return replace(
            services,
            batched={path: self._batch(path, each) for path, each in services.batched.items()},
            unary={
                path: self._unary(path, each) if path in limited else each
                for path, each in services.unary.items()
            },
            stream={
                path: self._stream(path, each) if path in streams else each
                for path, each in services.stream.items()
            },
        )

    def _batch(self, path: str, method: BatchMethod) -> BatchMethod:
        def take(calls: Sequence[tuple[int, bytes]]) -> None:
            others: list[tuple[int, bytes]] = []
            for call, request in calls:
                span = self._start(path, request, call)
                if span is None:
                    others.append((call, request))
                    continue
                self._keep(call, span)
                try:
                    with working_for(span):
                        method([(call, request)])
                except Exception as error:  # noqa: BLE001 - every exception has a status
                    self.fail(call, error)
            if others:
                method(others)

        return take

    def _unary(self, path: str, method: UnaryMethod) -> UnaryMethod:
        async def handle(request: bytes) -> bytes:
            span = self._start(path, request, None)
            if span is None:
                return await method(request)
            try:
                with working_for(span):
                    response = await method(request)
            except BaseException as error:
                _end(span, code_of(error))
                raise
            _end(span, Code.OK)
            return response

        return handle

    def _stream(self, path: str, method: StreamMethod) -> StreamMethod:
        # Not current: a stream lasts, and what is read for it is read for others too.
        async def handle(request: bytes, stream: Stream) -> None:
            span = self._start(path, request, None)
            try:
                await method(request, stream)
            except BaseException as error:
                if span:
                    _end(span, code_of(error))
                raise
            if span:
                _end(span, Code.OK)

        return handle

    def _start(self, path: str, request: bytes, call: int | None) -> Span | None:
        name = path[1:]
        service, _, method = name.partition("/")
        span = self._tracer.start_call(
            name,
            self._listener.trace_context(call),
            {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method},
        )
        if span and (contest_id := contest_id_of(path, request)):
            span.set(CONTEST, contest_id)
        return span

    def _keep(self, call: int, span: Span) -> None:
        """Keep a span until the call is answered; a listener reports no cancellation."""
        self._spans[call] = span
        if not self._sweep:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self._end_cancelled)

    def _end_cancelled(self) -> None:
        self._sweep = None
        for call in [call for call in self._spans if not self.is_open(call)]:
            _end(self._spans.pop(call), Code.CANCELLED)
        if self._spans:
            self._sweep = asyncio.get_running_loop().call_later(SWEEP_S, self._end_cancelled)

    def close(self) -> None:
        """End the spans that are left, once the listener has stopped."""
        if self._sweep:
            self._sweep.cancel()
        self._end_cancelled()


def _end(span: Span, code: Code) -> None:
    span.set("rpc.grpc.status_code", code)
    if code in _FAILURES:
        span.fail(Code.Name(code))
    span.end()

"""Spans of the batches in which calls share one call of the store."""

from collections.abc import Sequence
from typing import Any, TypeVar

from leaderboard_server.board.call_batcher import CallBatcher, Decode, Entry, StartBatch
from leaderboard_server.callbacks import Receiver
from leaderboard_server.tracing.spans import (
    CONTEST,
    Attributes,
    Span,
    Tracer,
    current_span,
    working_for,
)

Request = TypeVar("Request")
Reply = TypeVar("Reply")


class TracedBatcher(CallBatcher[Request, Reply]):
    """A batcher whose batches have a span each, if any of their calls has one.

    The span begins when the batch is sent: what is before it in the span of a call is the wait for
    the batch before. It is a child of the first call's span and has links to all; each has a link
    to it.
    """

    def __init__(
        self, start: StartBatch[Request, Reply], *, max_size: int, name: str, tracer: Tracer
    ) -> None:
        """Send batches by `start`, with spans of this name."""
        super().__init__(start, max_size=max_size)
        self._name = name
        self._tracer = tracer
        self._spans: dict[str, Span] = {}
        """The spans of batches in flight, by contest, which has one at a time."""

    def add(
        self,
        contest_id: str,
        requests: Sequence[Request],
        size: int,
        receiver: Receiver[Reply],
        call: int,
    ) -> None:
        """See `CallBatcher.add`."""
        if span := current_span():
            receiver = _Caller(receiver, span)
        super().add(contest_id, requests, size, receiver, call)

    def _start_batch(self, contest_id: str, batch: list[Entry[Request, Reply]]) -> None:
        receivers = [receiver for _, _, receiver, _ in batch if isinstance(receiver, _Caller)]
        callers = [receiver.span for receiver in receivers if receiver.span.is_open]
        if not callers:
            with working_for(None):
                super()._start_batch(contest_id, batch)
            return
        attributes: Attributes = {CONTEST: contest_id, "leaderboard.batch_size": len(batch)}
        span = self._tracer.start_batch(self._name, callers, attributes)
        if span.is_open:  # sampled
            for caller in callers:
                caller.link(span)
        self._spans[contest_id] = span
        try:
            with working_for(span):
                super()._start_batch(contest_id, batch)
        except Exception as error:
            self._end(contest_id, error)
            raise

    def _on_reply(
        self,
        contest_id: str,
        batch: list[Entry[Request, Reply]],
        reply: Decode[Reply] | Exception,
    ) -> None:
        self._end(contest_id, reply)
        super()._on_reply(contest_id, batch, reply)

    def _end(self, contest_id: str, reply: object) -> None:
        if span := self._spans.pop(contest_id, None):
            if isinstance(reply, Exception):
                span.fail(type(reply).__name__)
            span.end()


class _Caller:
    """The receiver of a call that has a span."""

    __slots__ = ("fail", "is_open", "receive", "span")

    def __init__(self, receiver: Receiver[Any], span: Span) -> None:
        self.is_open = receiver.is_open
        self.receive = receiver.receive
        self.fail = receiver.fail
        self.span = span

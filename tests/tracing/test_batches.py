"""Spans of batches whose store call does not even begin, or whose calls are over."""

import pytest
from opentelemetry.trace import StatusCode

from leaderboard_server.board.call_batcher import Decode
from leaderboard_server.callbacks import Done
from leaderboard_server.tracing.batches import TracedBatcher
from leaderboard_server.tracing.otel import OtelTracer
from leaderboard_server.tracing.spans import current_span, working_for
from tracing.traced_server import Spans, linked, parent_id


def _refuse(_contest_id: str, _requests: list[int], _done: Done[Decode[int]]) -> None:
    raise ValueError("a defect")


async def test_a_batch_that_can_not_be_sent() -> None:
    """Its span ends with the error, and so do its calls."""
    spans = Spans()
    tracer = OtelTracer(spans)
    batcher = TracedBatcher(_refuse, max_size=10, name="commit", tracer=tracer)
    call = tracer.start_call("call", None, {})
    with working_for(call):
        replies = batcher.submit("cup", [1], 1)
    with pytest.raises(ValueError, match="a defect"):
        await replies

    span = await spans.one("commit")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "ValueError"


async def test_a_batch_of_untraced_calls_has_no_span() -> None:
    """Nor is a span current while it is sent, though another one's is where the loop runs."""
    spans = Spans()
    tracer = OtelTracer(spans)
    current: list[bool] = []

    def start(_contest_id: str, requests: list[int], done: Done[Decode[int]]) -> None:
        current.append(current_span() is not None)
        done(lambda: requests)

    batcher = TracedBatcher(start, max_size=10, name="commit", tracer=tracer)
    first = batcher.submit("cup", [1], 1)
    with working_for(tracer.start_call("call", None, {})):
        second = batcher.submit("race", [2], 1)
        assert [*(await first), *(await second)] == [1, 2]

    (span,) = spans.named("commit")
    assert current == [False, True]
    assert len(linked(span)) == 1
    assert parent_id(span) is not None

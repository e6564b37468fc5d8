"""The caller's trace, which both clients pass on where the program uses OpenTelemetry."""

import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState

from clients.python.any_client import CLIENTS, AnyClient, call, watched
from harness.service import CHANNEL_OPTIONS
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client import AsyncLeaderboardClient, NotFound, ScoreUpdate

_SPAN = SpanContext(
    trace_id=0x4BF92F3577B34DA6A3CE929D0E0E4736,
    span_id=0x00F067AA0BA902B7,
    is_remote=False,
    trace_flags=TraceFlags(TraceFlags.SAMPLED),
    trace_state=TraceState([("shop", "7")]),
)
_TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class _Service(grpc.GenericRpcHandler):
    """Finds nothing, and remembers the metadata of each call; batches are accepted."""

    def __init__(self) -> None:
        self.address = ""
        self.metadata: list[dict[str, str]] = []

    def service(self, handler_call_details: Any) -> Any:
        self.metadata.append(dict(handler_call_details.invocation_metadata))
        if handler_call_details.method.endswith("/BatchUpdateScores"):
            return grpc.unary_unary_rpc_method_handler(_accept)
        return grpc.stream_stream_rpc_method_handler(_find_nothing)


async def _accept(_request: bytes, _context: Any) -> bytes:
    result = pb.BatchUpdateResult(response=pb.UpdateScoreResponse())
    return pb.BatchUpdateScoresResponse(results=[result]).SerializeToString()


async def _find_nothing(_requests: object, context: Any) -> None:
    await context.abort(grpc.StatusCode.NOT_FOUND, "nothing here")


@pytest_asyncio.fixture(name="service")
async def _service() -> AsyncIterator[_Service]:
    service = _Service()
    server = grpc.aio.server(options=CHANNEL_OPTIONS)
    server.add_generic_rpc_handlers((service,))
    service.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    await server.start()
    yield service
    await server.stop(None)


@contextlib.contextmanager
def _in_trace() -> Iterator[None]:
    token = context.attach(trace.set_span_in_context(NonRecordingSpan(_SPAN)))
    try:
        yield
    finally:
        context.detach(token)


@pytest.mark.parametrize("kind", CLIENTS)
async def test_calls_carry_the_current_trace(kind: type[AnyClient], service: _Service) -> None:
    """A call inside a span carries `traceparent` and `tracestate`, one outside of it neither."""
    client = kind(service.address)
    with _in_trace(), pytest.raises(NotFound):
        await call(client, "get_user_rank", "cup", "ada")
    with pytest.raises(NotFound):
        await call(client, "get_user_rank", "cup", "ada")
    await call(client, "close")

    inside, outside = service.metadata
    assert (inside["traceparent"], inside["tracestate"]) == (_TRACEPARENT, "shop=7")
    assert not {"traceparent", "tracestate"} & set(outside)


@pytest.mark.parametrize("kind", CLIENTS)
async def test_a_watch_carries_the_trace_that_it_is_read_in(
    kind: type[AnyClient], service: _Service
) -> None:
    """The stream of a watch that is iterated inside a span carries `traceparent`."""
    client = kind(service.address)
    with _in_trace(), pytest.raises(NotFound):
        async for _ in watched(client, "cup"):
            pass
    await call(client, "close")

    assert [each["traceparent"] for each in service.metadata] == [_TRACEPARENT]


async def test_a_batch_of_a_buffer_carries_no_trace(service: _Service) -> None:
    """The batches of a buffer belong to no caller, also if its task began inside a span."""
    async with AsyncLeaderboardClient(service.address) as client:
        with _in_trace():
            buffer = client.score_buffer(linger=0.0)
            await buffer.add(ScoreUpdate("cup", "ada", 1))
            await buffer.close()

    await eventually(lambda: len(service.metadata) == 1, "the batch")
    assert "traceparent" not in service.metadata[0]


def test_the_library_does_not_import_opentelemetry() -> None:
    """A program that does not use OpenTelemetry pays nothing for it, though it is installed."""
    program = (
        "import sys, leaderboard_client\n"
        "from leaderboard_client.channels import call_metadata\n"
        "assert call_metadata(None) == ()\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

"""A server in this process whose spans, and those of its callers, a test reads."""

import contextlib
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from opentelemetry import context, trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind
from pydantic import SecretStr

from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_client import AsyncLeaderboardClient
from leaderboard_server.app import running
from leaderboard_server.config import Config
from leaderboard_server.tracing.otel import OtelTracer
from leaderboard_server.tracing.wiring import Traced
from leaderboard_server.transport.choice import ListenerName

SERVICE = "leaderboard.v1.LeaderboardService"


class Spans(SpanProcessor):
    """All spans of a test."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self._ended = SimpleSpanProcessor(self._exporter)
        self._lock = threading.Lock()
        self._started: list[str] = []

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        """Count a span."""
        with self._lock:
            self._started.append(span.name)

    def on_end(self, span: ReadableSpan) -> None:
        """Keep a span."""
        self._ended.on_end(span)

    async def started(self, name: str, count: int) -> None:
        """Wait until so many spans of this name have started."""
        await eventually(lambda: self._started.count(name) >= count, f"{count} spans of {name}")

    @property
    def ended(self) -> Sequence[ReadableSpan]:
        """All spans that have ended."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """Return the ended spans of this name, in the order of their ends."""
        return [span for span in self.ended if span.name == name]

    async def one(self, name: str) -> ReadableSpan:
        """Wait for the only span of this name, and return it."""
        await eventually(lambda: bool(self.named(name)), f"a span {name}")
        (span,) = self.named(name)
        return span

    def children(self, parent: ReadableSpan) -> list[str]:
        """Return the names of the children of a span, in the order of their ends."""
        return [span.name for span in self.ended if parent_id(span) == span_id(parent)]


class TracedServer:
    """The server, with a client and the callers' tracer."""

    def __init__(self, client: AsyncLeaderboardClient, spans: Spans) -> None:
        self.client = client
        self.spans = spans
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(spans)
        self._tracer = provider.get_tracer("caller")

    @contextlib.contextmanager
    def caller(self, name: str) -> Iterator[None]:
        """Run a block inside a span of the caller."""
        with self._tracer.start_as_current_span(name):
            yield


@asynccontextmanager
async def traced_server(listener: str, store: StoreProcess) -> AsyncIterator[TracedServer]:
    """Run a server on a store within the block."""
    spans = Spans()

    async def close() -> None:
        pass

    name: ListenerName = "front" if listener == "front" else "grpcio"
    config = Config(address="127.0.0.1:0", listener=name, redis_url=SecretStr(store.url))
    tracing = Traced(OtelTracer(spans), close)
    async with (
        running(config, tracing) as server,
        AsyncLeaderboardClient(server.address) as client,
    ):
        yield TracedServer(client, spans)


@contextlib.contextmanager
def remote_parent(span: trace.SpanContext) -> Iterator[None]:
    """Run a block as if inside a span of another program."""
    token = context.attach(trace.set_span_in_context(trace.NonRecordingSpan(span)))
    try:
        yield
    finally:
        context.detach(token)


def span_id(span: ReadableSpan) -> int:
    """Return the id of a span."""
    assert span.context
    found: int = span.context.span_id
    return found


def trace_id(span: ReadableSpan) -> int:
    """Return the id of the trace of a span."""
    assert span.context
    found: int = span.context.trace_id
    return found


def parent_id(span: ReadableSpan) -> int | None:
    """Return the id of the parent of a span."""
    return span.parent.span_id if span.parent else None


def linked(span: ReadableSpan) -> list[int]:
    """Return the ids of the spans that a span has links to."""
    return [link.context.span_id for link in span.links]


def is_call(span: ReadableSpan) -> bool:
    """Return whether a span is of a call that a server serves."""
    return span.kind is SpanKind.SERVER

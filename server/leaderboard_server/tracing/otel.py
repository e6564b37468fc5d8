"""Spans of OpenTelemetry's SDK."""

import os
from collections.abc import Sequence
from importlib.metadata import version
from uuid import uuid4

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.environment_variables import OTEL_SPAN_LINK_COUNT_LIMIT
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.trace import Link, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from leaderboard_server.tracing.spans import Attributes, Span

_MAX_LINKS = 1_000
"""Links of a span, by default: one for each call of a batch. The SDK's own default is 128."""
_NO_CONTEXT = Context()
_PROPAGATOR = TraceContextTextMapPropagator()


class OtelSpan:
    """Implements `spans.Span`."""

    __slots__ = ("span",)

    def __init__(self, span: trace.Span) -> None:
        self.span = span

    @property
    def is_open(self) -> bool:
        """See `Span.is_open`; false also for a span that is not sampled."""
        return self.span.is_recording()

    def set(self, name: str, value: str | int) -> None:
        """See `Span.set`."""
        self.span.set_attribute(name, value)

    def link(self, other: Span) -> None:
        """See `Span.link`."""
        self.span.add_link(_otel(other).get_span_context())

    def fail(self, kind: str) -> None:
        """See `Span.fail`. Messages of errors are left out, since they name users."""
        self.span.set_attribute("error.type", kind)
        self.span.set_status(Status(StatusCode.ERROR))

    def end(self) -> None:
        """See `Span.end`."""
        self.span.end()


class OtelTracer:
    """Implements `spans.Tracer`, with the sampler and the limits of the environment."""

    def __init__(self, processor: SpanProcessor) -> None:
        """Pass ended spans to `processor`."""
        max_links = None if os.environ.get(OTEL_SPAN_LINK_COUNT_LIMIT) else _MAX_LINKS
        self._provider = TracerProvider(
            resource=_resource(),
            span_limits=SpanLimits(max_links=max_links),
            shutdown_on_exit=False,  # it would wait for half a minute
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("leaderboard_server", _version())
        self.sampler = self._provider.sampler.get_description()
        """What says which calls are sampled."""

    def start_call(
        self, name: str, traceparent: str | None, attributes: Attributes
    ) -> OtelSpan | None:
        """See `Tracer.start_call`."""
        context = _NO_CONTEXT
        if traceparent:
            context = _PROPAGATOR.extract({"traceparent": traceparent}, _NO_CONTEXT)
        span = self._tracer.start_span(name, context, SpanKind.SERVER, attributes)
        return OtelSpan(span) if span.is_recording() else None

    def start_batch(self, name: str, callers: Sequence[Span], attributes: Attributes) -> OtelSpan:
        """See `Tracer.start_batch`."""
        links = [Link(_otel(caller).get_span_context()) for caller in callers]
        context = trace.set_span_in_context(_otel(callers[0]), _NO_CONTEXT)
        return OtelSpan(self._tracer.start_span(name, context, attributes=attributes, links=links))

    def start_store_call(self, name: str, parent: Span, attributes: Attributes) -> OtelSpan:
        """See `Tracer.start_store_call`."""
        context = trace.set_span_in_context(_otel(parent), _NO_CONTEXT)
        return OtelSpan(self._tracer.start_span(name, context, SpanKind.CLIENT, attributes))


def _otel(span: Span) -> trace.Span:
    assert isinstance(span, OtelSpan)
    return span.span


def _version() -> str:
    return version("leaderboard-server")


def _resource() -> Resource:
    """Return what names this process; the variables of OpenTelemetry have the last word."""
    own = {
        "service.name": "leaderboard",
        "service.version": _version(),
        "service.instance.id": str(uuid4()),
    }
    return Resource.create(own).merge(OTELResourceDetector().detect())

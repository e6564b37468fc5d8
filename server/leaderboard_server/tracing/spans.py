"""The seam between the traced parts and OpenTelemetry: spans, and the one that is current."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeAlias

Attributes: TypeAlias = Mapping[str, str | int]

CONTEST = "leaderboard.contest_id"
"""The attribute with the contest of a span."""


class Span(Protocol):
    """An operation that is recorded. After its end nothing can be added."""

    @property
    def is_open(self) -> bool:
        """Whether the span has not ended."""

    def set(self, name: str, value: str | int) -> None:
        """Set an attribute."""

    def link(self, other: "Span") -> None:
        """Refer to a span, which may be of another trace."""

    def fail(self, kind: str) -> None:
        """Mark the operation as failed, with the kind of the error."""

    def end(self) -> None:
        """End the span now."""


class Tracer(Protocol):
    """Starts spans."""

    def start_call(self, name: str, traceparent: str | None, attributes: Attributes) -> Span | None:
        """Start the span of a call that this server serves, as a child of the caller's span.

        Returns:
            None if the call is not sampled.
        """

    def start_batch(self, name: str, callers: Sequence[Span], attributes: Attributes) -> Span:
        """Start the span of work for several spans: a child of the first, with links to all."""

    def start_store_call(self, name: str, parent: Span, attributes: Attributes) -> Span:
        """Start the span of a call of the store."""


_current: ContextVar[Span | None] = ContextVar("span", default=None)


def current_span() -> Span | None:
    """Return the span that the running code works for.

    Tasks that outlive a call were started in its context, so a span that has ended does not count.
    """
    span = _current.get()
    return span if span and span.is_open else None


@contextmanager
def working_for(span: Span | None) -> Iterator[None]:
    """Make a span current, or none, for the code of a block."""
    token = _current.set(span)
    try:
        yield
    finally:
        _current.reset(token)

"""Observed calls of a listener: their counts, and a record of each ended call if it is wanted.

A call ends once, with the code that it was sent, or with CANCELLED if its caller gave it up or
disconnected. Calls of unknown methods, and those whose headers are refused, have `UNKNOWN_PATH`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

CallKind: TypeAlias = Literal["unary", "server_stream", "bidi_stream"]

UNKNOWN_PATH = "unknown"
"""The path of calls that are of no served method. They count as unary."""

LATENCY_BOUNDS_S = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""The upper bounds of the latency buckets; there is one more for all above."""


@dataclass(frozen=True, kw_only=True)
class MethodCounts:
    """The calls of one method."""

    path: str
    """`/package.Service/Method`, or `UNKNOWN_PATH`."""
    kind: CallKind
    ended: Mapping[int, int]
    """Ended calls by status code, for each code that occurred."""
    latency_buckets: Sequence[int]
    """Ended calls by duration, from the headers to the end: one number for each of
    `LATENCY_BOUNDS_S`, without those of the bounds below, and one for all above."""
    latency_sum_s: float
    messages_sent: int
    """Response messages, those of calls that are open included."""


@dataclass(frozen=True, kw_only=True)
class ListenerCounts:
    """What a listener counted since its start, and what is open now."""

    methods: Sequence[MethodCounts]
    """All served methods, and the unknown ones."""
    refusals: Mapping[str, int]
    """Calls that were refused by a limit, by its name, such as `calls` or `watches`; all of them,
    also those without any."""
    calls_in_flight: int
    """Unary calls that take a slot of `Limits.max_calls`."""
    open_streams: int
    """Streams that take a slot of `Limits.max_watchers`."""
    open_connections: int | None
    """None if the listener can't know."""
    ended_connections: Mapping[str, int] | None
    """Connections that the listener ended or refused, by cause: `refused` over the limit while none
    was idle, `idle` to make room for others, `flood` for too many control frames, `unread` for too
    many unread responses. None if the listener can't know."""
    cache_hits: int | None
    """Calls that were answered from the response cache; None without one."""
    ended_calls_dropped: int
    """Records of ended calls that were dropped because this process did not keep up."""


class EndedCall(NamedTuple):
    """The record of one ended call."""

    path: str
    """As in `MethodCounts`."""
    code: int
    seconds: float
    response_bytes: int
    """The size of all response messages that were sent, without their framing."""
    peer: str
    """The address and port of the caller, as `127.0.0.1:50000` or `[::1]:50000`."""
    request: bytes
    """The request message, decompressed; empty for a bidi call, and for one that ended before its
    request was read."""
    trace_context: str | None
    """The `traceparent` of the caller, if it is valid."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """What a listener reports beside its counts; by default nothing, and then nothing is kept."""

    on_ended: Callable[[Sequence[EndedCall]], None] | None = None
    """Called with the calls that ended, several at a time and soon after their end. It must not
    raise. Where it can't keep up, records are dropped and counted."""
    errors_only: bool = False
    """Whether `on_ended` gets only the calls with a code other than OK."""
    trace_contexts: bool = False
    """Whether `Listener.trace_context` is used."""

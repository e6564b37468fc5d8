"""Counts of a listener: what happened since its start, and what is open now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from leaderboard_front import _native

UNKNOWN_METHOD = "unknown"
"""Stands for the path of calls of unknown methods, and of those whose headers are refused."""


@dataclass(frozen=True, kw_only=True)
class MethodCounts:
    """The calls of one method."""

    path: str
    """The path of the method, or `UNKNOWN_METHOD`."""
    ended: Mapping[int, int]
    """Ended calls by status code, for each code that occurred. CANCELLED are also those whose
    caller reset them or disconnected."""
    latency_buckets: Sequence[int]
    """Ended calls by duration, from their headers to their end: for each of
    `Settings.latency_bounds_s` those up to it that are above the bound before, and one more for all
    above."""
    latency_sum_s: float
    messages_sent: int
    """Response messages, those of open calls included."""


@dataclass(frozen=True)
class EndedConnections:
    """Numbers of connections that were ended or refused."""

    refused: int
    """Over the limit, while none was idle."""
    idle: int
    """Ended to make room for others."""
    flood: int
    """Ended for too many control frames."""
    unread: int
    """Ended for too many unread responses."""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What a listener counted, and what is open."""

    methods: Sequence[MethodCounts]
    """All methods, and last the calls of no method."""
    refusals: Mapping[str, int]
    """Calls that were refused or ended by a limit, by its name in `Settings.refusals`."""
    calls: int
    """Unary calls in flight, as `Settings.max_calls` limits them."""
    streams: int
    """Open streams, as `Settings.max_streams` limits them."""
    connections: int
    """Open connections."""
    ended_connections: EndedConnections
    cache_hits: int
    """Calls that were answered with a cached response."""
    ended_calls_dropped: int
    """Records of ended calls that were dropped."""


class EndedCall(NamedTuple):
    """The record of an ended call."""

    path: str
    """The path of the method, or `UNKNOWN_METHOD`."""
    code: int
    seconds: float
    response_bytes: int
    """The size of all messages that were sent, without their framing."""
    peer: str
    """Address and port."""
    request: bytes
    """Empty for a bidi call, and for one that ended before its request was read."""
    trace_context: str | None
    """The `traceparent` of the caller, if it is valid."""


def read_counts(paths: Sequence[str], counts: "_native.Counts") -> Counts:
    """Return the counts of a listener that serves these paths, of which the last is no method."""
    methods = [
        MethodCounts(
            path=path,
            ended={code: count for code, count in enumerate(ended) if count},
            latency_buckets=buckets,
            latency_sum_s=seconds,
            messages_sent=messages,
        )
        for path, (ended, buckets, seconds, messages) in zip(paths, counts["methods"], strict=True)
    ]
    return Counts(
        methods=methods,
        refusals=counts["refusals"],
        calls=counts["calls"],
        streams=counts["streams"],
        connections=counts["connections"],
        ended_connections=EndedConnections(*counts["ended_connections"]),
        cache_hits=counts["cache_hits"],
        ended_calls_dropped=counts["ended_calls_dropped"],
    )

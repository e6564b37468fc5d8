"""Settings of a listener."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple


class Status(NamedTuple):
    """The final status of a call."""

    code: int
    message: str
    details: bytes = b""
    """A serialized `google.rpc.Status`, or nothing."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Address and limits of a listener. Times are in seconds, sizes in bytes.

    Limits that need no other value, in production or in tests, are constants of the Rust code.
    """

    address: str
    """HOST:PORT; port 0 takes a free one. A name with several addresses gets the first."""
    refusals: Mapping[str, Status]
    """The status of a call over a limit: message, metadata, calls, connection, streams, queue or
    memory; and of a call that is ended because the listener is stopping. RESOURCE_EXHAUSTED where
    it is missing.
    """
    reuse_port: bool = False
    """Whether other processes may listen on the same address and share its connections."""
    max_message_bytes: int = 2**20
    """The largest request, compressed or decompressed."""
    max_connections: int = 10_000
    """For one over the limit the longest idle one is closed. If none is idle, it is closed itself.
    """
    max_calls: int = 10_000
    """Unary calls in flight: until their response is made."""
    max_calls_per_connection: int = 2_500
    """Unary calls of one connection: until their response is read."""
    max_streams: int = 20_000
    """Open streams. One connection may have a quarter of them, and 1,000 at least."""
    max_queue: int = 10_000
    """Calls queued for Python."""
    max_buffered_bytes: int = 256 * 2**20
    """Memory for all requests, from their first byte until the response is made. One connection may
    hold as much of it as it leaves free, and an 8,192nd part of it in any case."""
    max_unread_bytes: int = 128 * 2**20
    """Memory for all responses that are made and not read yet, shared likewise. A connection whose
    responses don't fit is ended, a stream whose next message doesn't fit is refused."""
    write_timeout_s: float = 30.0
    """How long a receiver may accept nothing; it has as long again for the queued messages."""
    request_timeout_s: float = 10.0
    """How long a request may take to arrive."""
    handshake_timeout_s: float = 10.0
    """How long the handshake of a connection may take, for TLS and for HTTP/2 each."""
    keepalive_s: float = 30.0
    """The interval of pings on a connection."""
    keepalive_timeout_s: float = 10.0
    """How long the acknowledgement of a ping may take."""
    latency_bounds_s: Sequence[float] = ()
    """The upper bounds of the buckets in which calls are counted by their duration, rising."""
    ended_calls: Literal["none", "errors", "all"] = "none"
    """The calls of which there are records, see `Listener`: none, those with a code other than OK,
    or all."""
    trace_contexts: bool = False
    """Whether open calls keep their `traceparent`, see `Listener.trace_context`."""

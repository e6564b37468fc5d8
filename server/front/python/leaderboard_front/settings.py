"""Settings of a listener."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

RESOURCE_EXHAUSTED = 8
UNAVAILABLE = 14


class Status(NamedTuple):
    """The final status of a call."""

    code: int
    message: str
    details: bytes = b""
    """A serialized `google.rpc.Status`, or nothing."""


def _refusals() -> Mapping[str, Status]:
    return {
        "message": Status(RESOURCE_EXHAUSTED, "the request is too large"),
        "metadata": Status(RESOURCE_EXHAUSTED, "the metadata is too large"),
        "calls": Status(RESOURCE_EXHAUSTED, "too many calls are in flight"),
        "streams": Status(RESOURCE_EXHAUSTED, "too many streams are open"),
        "queue": Status(RESOURCE_EXHAUSTED, "too many calls are queued"),
        "memory": Status(RESOURCE_EXHAUSTED, "requests take too much memory"),
        "stopping": Status(UNAVAILABLE, "the server stops"),
    }


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Address, methods and limits of a listener. Times are in seconds, sizes in bytes."""

    address: str
    """HOST:PORT; port 0 takes a free one. A name with several addresses gets the first."""
    unary: Sequence[str] = ()
    """The paths of methods with one request and one response, as in `/package.Service/Method`."""
    stream: Sequence[str] = ()
    """The paths of methods with one request and many messages."""
    bidi: Sequence[str] = ()
    """The paths of methods with many requests and many messages."""
    unlimited: frozenset[str] = frozenset()
    """The paths exempt from `max_calls`, `max_streams` and `max_queue`, such as health."""
    reuse_port: bool = False
    """Whether other processes may listen on the same address and share its connections."""
    max_message_bytes: int = 2**20
    """The largest request, compressed or decompressed."""
    max_metadata_bytes: int = 16 * 2**10
    """The most metadata of a request; beyond four times that, the response is HTTP 431."""
    max_connections: int = 10_000
    """A connection over the limit is closed at once."""
    max_streams_per_connection: int = 1_000
    """Announced to clients; a stream over the limit is refused by HTTP/2."""
    max_calls: int = 10_000
    """Unary calls in flight."""
    max_streams: int = 20_000
    """Open streams."""
    max_queue: int = 10_000
    """Calls queued for Python."""
    max_buffered_bytes: int = 256 * 2**20
    """Memory for all requests, from their first byte to the end of their calls."""
    max_cached_bytes: int = 64 * 2**20
    """Memory for cached responses and their requests."""
    max_control_frames: int = 5_000
    """Pings, resets and the like of a connection a second; five times that in a burst."""
    send_buffer_messages: int = 16
    """Messages queued for the receiver of a stream."""
    send_buffer_bytes: int = 64 * 2**10
    """Their size; a larger message is queued alone."""
    socket_buffer_bytes: int = 64 * 2**10
    """Data of a stream within flow control that HTTP/2 buffers for the socket."""
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
    max_connection_age_s: float = 1e9
    """The age at which a connection gets GOAWAY, with a jitter of a tenth; 30 years by default."""
    connection_age_grace_s: float = 60.0
    """How long the calls of such a connection may go on."""
    refusals: Mapping[str, Status] = field(default_factory=_refusals)
    """The status of each limit."""

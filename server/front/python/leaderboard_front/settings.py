"""What a listener is set to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

RESOURCE_EXHAUSTED = 8
UNAVAILABLE = 14


class Status(NamedTuple):
    """How a call ends that was refused."""

    code: int
    message: str
    details: bytes = b""
    """A serialized `google.rpc.Status`, or nothing."""


def _refusals() -> Mapping[str, Status]:
    return {
        "message": Status(RESOURCE_EXHAUSTED, "the request is too large"),
        "metadata": Status(RESOURCE_EXHAUSTED, "the metadata is too large"),
        "calls": Status(RESOURCE_EXHAUSTED, "too many calls are under way"),
        "streams": Status(RESOURCE_EXHAUSTED, "too many streams are open"),
        "queue": Status(RESOURCE_EXHAUSTED, "too many calls wait"),
        "memory": Status(RESOURCE_EXHAUSTED, "requests take too much memory"),
        "stopping": Status(UNAVAILABLE, "the server stops"),
    }


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where to listen, what is served, and the limits. Times are in seconds, sizes in bytes."""

    address: str
    """HOST:PORT; port 0 takes a free one. A name with several addresses gets the first."""
    unary: Sequence[str] = ()
    """The paths of methods with one request and one answer, as in `/package.Service/Method`."""
    streaming: Sequence[str] = ()
    """The paths of methods with one request and many messages."""
    bidirectional: Sequence[str] = ()
    """The paths of methods with many requests and many messages."""
    unlimited: frozenset[str] = frozenset()
    """Paths that `max_calls`, `max_streams` and `max_queue` don't apply to, such as health."""
    reuse_port: bool = False
    """Whether other processes may listen on the same address, to share its connections."""
    max_message_bytes: int = 2**20
    """The largest request, packed or unpacked."""
    max_metadata_bytes: int = 16 * 2**10
    """The most metadata of a request; beyond four times that, HTTP's 431 is the answer."""
    max_connections: int = 10_000
    """One more is closed at once."""
    max_streams_per_connection: int = 1_000
    """Told to clients, which keep to it; one more is refused by HTTP/2."""
    max_calls: int = 10_000
    """Unary calls under way."""
    max_streams: int = 20_000
    """Other calls under way."""
    max_queue: int = 10_000
    """Calls that wait to be taken by Python."""
    max_buffered_bytes: int = 256 * 2**20
    """Requests that are being received or wait for Python, together."""
    max_ready_bytes: int = 64 * 2**20
    """Ready-made answers and their requests, together."""
    max_control_frames: int = 5_000
    """Pings, resets and the like a second and connection; five times that at once."""
    slot_messages: int = 16
    """Messages that may wait for the receiver of a stream."""
    slot_bytes: int = 64 * 2**10
    """Their bytes, together; a larger message waits alone."""
    send_buffer_bytes: int = 64 * 2**10
    """What is kept for the socket of a stream that the receiver has room for."""
    write_timeout_s: float = 30.0
    """For how long a receiver may take nothing; it has as long again to take what was sent."""
    request_timeout_s: float = 10.0
    """For how long a request may take to arrive."""
    handshake_timeout_s: float = 10.0
    """For how long a new connection may take to become one, for TLS and for HTTP/2."""
    keepalive_s: float = 30.0
    """How often a connection is pinged."""
    keepalive_timeout_s: float = 10.0
    """For how long a ping may stay unanswered."""
    max_connection_age_s: float = 1e9
    """After how long a connection is asked to go, with a tenth of spread; 30 years by default."""
    connection_age_grace_s: float = 60.0
    """For how long the calls of such a connection may go on."""
    refusals: Mapping[str, Status] = field(default_factory=_refusals)
    """The status for each limit."""

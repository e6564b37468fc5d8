"""The seam between gRPC and the service: what a listener is, and what it serves."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from leaderboard_server.transport.observation import CallKind, ListenerCounts

GRACE_S = 5.0
"""The time for open calls to finish when the server stops."""

MAX_METADATA_BYTES = 16 * 2**10
"""The largest metadata of a call, as HTTP/2 counts them. The front has a constant of its own."""


class Stream(Protocol):
    """The response messages of one call."""

    async def send(self, message: bytes) -> None:
        """Send one message.

        Raises:
            TimeoutError: The receiver accepted nothing for the write timeout.
        """

    async def follow(self, group: str, cursor: int) -> int:
        """Send the messages that are published to a broadcast group, and no others meanwhile.

        Args:
            group: The name of the group.

            cursor: The cursor of the stream, until a message is sent.

        Returns:
            The cursor of the last message that was sent, once the stream is evicted: because its
            buffer was full, or because the group was closed.

        Raises:
            TimeoutError: As `send`.
        """


UnaryMethod = Callable[[bytes], Awaitable[bytes]]
"""Returns the response to a request. Raises `LeaderboardError` for an error status."""

BatchMethod = Callable[[Sequence[tuple[int, bytes]]], None]
"""Takes the calls of one turn of the loop: the number and the request of each. They are answered by
`Listener.answer` or `fail`, each when its result is there. An exception ends those that are not
answered."""

StreamMethod = Callable[[bytes, Stream], Awaitable[None]]
"""Sends messages until the stream ends. Raises `LeaderboardError` for an error status."""

BidiMethod = Callable[[AsyncIterator[bytes], Stream], Awaitable[None]]
"""The same, with a stream of requests."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """All served methods, by path: `/package.Service/Method`."""

    batched: Mapping[str, BatchMethod] = field(default_factory=dict)
    """Unary methods that are called often."""
    unary: Mapping[str, UnaryMethod]
    stream: Mapping[str, StreamMethod]
    bidi: Mapping[str, BidiMethod]
    unlimited: frozenset[str]
    """The paths that are exempt from the limits of a listener, and served also while the server
    drains."""

    def kinds(self) -> dict[str, CallKind]:
        """Return the kind of each method."""
        kinds: dict[str, CallKind] = dict.fromkeys((*self.batched, *self.unary), "unary")
        kinds.update(dict.fromkeys(self.stream, "server_stream"))
        kinds.update(dict.fromkeys(self.bidi, "bidi_stream"))
        return kinds


@dataclass(frozen=True, kw_only=True)
class Tls:
    """The certificate and key of a listener, as PEM texts."""

    chain: bytes
    """The certificate, followed by its intermediate certificates."""
    key: bytes = field(repr=False)
    client_ca: bytes | None
    """CA certificates used to verify client certificates; None to accept all clients."""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """The address of a listener."""

    address: str
    """HOST:PORT; port 0 takes a free one."""
    shared: bool = False
    """Whether other processes listen on the same address, to share its connections."""
    tls: Tls | None = None
    """None to serve without TLS."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits on concurrent calls, and on slow receivers."""

    max_calls: int
    """Unary calls."""
    max_calls_per_connection: int
    """Unary calls of one connection. A call over both limits is refused with that of all calls."""
    max_watchers: int
    """Open streams."""
    write_timeout_s: float
    """The time after which a receiver that accepts nothing is cut off."""
    max_connections: int = 10_000
    """Open connections, below the limit of open files."""


class Responder(Protocol):
    """Takes the answers of batch methods."""

    def is_open(self, call: int) -> bool:
        """Return whether a call of a batch method still waits for its answer."""

    def answer(self, call: int, response: bytes) -> None:
        """Answer a call of a batch method. Nothing happens if it is over."""

    def fail(self, call: int, error: Exception) -> None:
        """End a call of a batch method with the status of an error, unless it is over."""

    def put_response(self, path: str, request: bytes, contest_id: str, response: bytes) -> None:
        """Cache the response to exactly this request, if the listener has a cache.

        The response must be current: nothing may be awaited between reading its data and this call.
        """


class Listener(Responder, Protocol):
    """Accepts connections on one address. Open from `start` to `stop`.

    It turns any exception of a method into a status, by `statuses.status_of_any`, and rejects calls
    over the limits with `statuses.Overloaded`.
    """

    async def start(self, services: Services) -> int:
        """Listen, serve `services`, and return the port.

        Raises:
            OSError: The address can't be listened on.

            TlsUnusable: The listener can't use its certificate or key.
        """

    def renew(self, tls: Tls) -> None:
        """Use another certificate for new connections of a listener that has TLS.

        Raises:
            TlsUnusable: The listener can't use it; the previous one stays in use.
        """

    def publish(self, group: str, message: bytes, cursor: int) -> None:
        """Send a message to all streams that follow a broadcast group, without waiting.

        A stream whose buffer is full is evicted.
        """

    def close_group(self, group: str) -> None:
        """Evict all streams from a broadcast group."""

    def invalidate(self, contest_id: str) -> None:
        """Drop the cached responses of a contest: no later request gets one of them."""

    def counts(self) -> ListenerCounts:
        """Return what was counted since the start. No count ever falls."""

    def trace_context(self, call: int | None = None) -> str | None:
        """Return the `traceparent` that the caller sent, if it is valid by W3C Trace Context.

        Args:
            call: A call of a batch method that is not over yet; None for the call that the current
                task serves.

        Returns:
            None without one, and always unless `Observation.trace_contexts` is set.
        """

    async def drain(self) -> None:
        """Send new calls elsewhere; open calls go on."""

    async def stop(self) -> None:
        """Accept no more calls, and wait for the open ones for up to the grace period."""

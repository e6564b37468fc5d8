from collections.abc import Sequence
from typing import Any, TypeAlias, TypedDict

from leaderboard_front.settings import Settings

Response: TypeAlias = tuple[int, bytes | None, int, str, bytes | None]

class Counts(TypedDict):
    """What was counted since the start, and what is open now."""

    methods: list[tuple[list[int], list[int], float, int]]
    """For each method in the order of the paths of `start`, and last for the calls of no method:
    ended calls by status code from 0 to 16, ended calls by bucket of their duration, the sum of
    their durations in seconds, messages sent."""
    refusals: dict[str, int]
    """By limit, for each of them."""
    calls: int
    streams: int
    connections: int
    ended_connections: tuple[int, int, int, int]
    """As the event 6."""
    cache_hits: int
    ended_calls_dropped: int

class Front:
    """The listener without asyncio.

    Every method returns at once. Commands for a call that is over have no effect, so a caller need
    not know the end of a call in time. `respond`, `answer`, `send`, `follow`, `publish` and
    `close_group` are executed in order, and not before `start`.
    """

    def __init__(self, settings: Settings) -> None: ...
    def fileno(self) -> int:
        """Return the file descriptor that is readable while events are queued."""

    def set_tls(self, chain: bytes, key: bytes, client_ca: bytes | None = None) -> None:
        """Accept new connections with TLS from now on; PEM texts.

        Raises:
            ValueError: The texts are no certificates, or the key doesn't belong to them.
        """

    def start(
        self,
        batched: Sequence[str],
        unary: Sequence[str],
        stream: Sequence[str],
        bidi: Sequence[str],
        unlimited: frozenset[str],
    ) -> int:
        """Listen, and return the port.

        Args:
            batched: The paths of methods with one request and one response, as in
                `/package.Service/Method`, whose calls are taken in batches.

            unary: The paths of the other methods with one request and one response.

            stream: The paths of methods with one request and many messages.

            bidi: The paths of methods with many requests and many messages.

            unlimited: Paths exempt from `max_calls`, `max_streams` and `max_queue`, such as health.

        Raises:
            OSError: The address can't be listened on.

            RuntimeError: It was started before.
        """

    def take(self, max: int) -> list[Any]:  # noqa: A002
        """Take up to `max` queued events, each a tuple that begins with its kind.

        0, call, method, request: a call. The method is its number in the order of the paths of
            `start`. The request is None for bidi methods.

        1, call, message: a further message of a bidi call; None for their end.

        2, call: the call is over: cancelled, its deadline exceeded, or ended by a limit.

        3, call: the send buffer that was full is writable.

        4, call, cursor, subscription: the call was evicted from its broadcast group; the cursor of
            the last message that it gets, and the number of the subscription.

        5, call: the receiver accepted nothing for the write timeout.

        6, refused, idle, flood, unread: numbers of connections, at most once a second: refused over
            the limit, and ended because they were idle, flooded, or left responses unread.

        7: the listener has stopped, and nothing follows.

        8, method, calls: all queued calls of a method that is batched, each a tuple of its number
            and its request. These events come first.

        9, records: calls that have ended, if `Settings.ended_calls` wants them, each a tuple: the
            number of the method, or that after the last method for a call of none; status code,
            seconds, bytes of the responses, peer, request, traceparent or None.
        """

    def respond(self, responses: Sequence[Response]) -> None:
        """End calls: call, message or None, status code, status message, details or None."""

    def answer(self, answers: Sequence[tuple[int, bytes]]) -> None:
        """End calls with success: call and message."""

    def send(self, call: int, message: bytes) -> bool:
        """Put a message into the send buffer of a stream.

        Returns:
            False if the buffer is full or the call is over; an event reports when the buffer is
            writable, or that the call ended.
        """

    def follow(self, call: int, group: str, cursor: int, subscription: int) -> None:
        """Subscribe a stream to a broadcast group, in place of its former group.

        `cursor` is the position of the stream. `subscription` tells this subscription from earlier
        ones, whose events may still be queued.
        """

    def publish(self, group: str, message: bytes, cursor: int) -> None:
        """Put a message into the send buffers of all streams of a group, and set their cursor."""

    def close_group(self, group: str) -> None:
        """Evict all streams from a group."""

    def put_response(self, path: str, request: bytes, tag: str, response: bytes) -> None:
        """Cache the response to exactly this request, if there is memory for it.

        Raises:
            KeyError: There is no such method.
        """

    def invalidate(self, tag: str) -> None:
        """Remove the cached responses of a tag.

        A request that is read after this has returned doesn't get one of them.
        """

    def counts(self) -> Counts:
        """Return what was counted since the start, and what is open."""

    def trace_context(self, call: int) -> str | None:
        """Return the valid `traceparent` of an open call, if `Settings.trace_contexts` is set."""

    def drain(self) -> None:
        """Accept no new connections and calls; open calls go on."""

    def stop(self, grace_s: float) -> None:
        """Drain, and end the open calls after the grace; the last event reports the end.

        A later call can only shorten the grace.
        """

    def join_thread(self) -> None:
        """Wait for the thread, once the last event was taken.

        Raises:
            RuntimeError: The thread panicked.
        """

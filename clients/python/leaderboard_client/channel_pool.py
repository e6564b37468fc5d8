"""The channel that the calls of a client share, and its replacement when the connection is dead."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock
from typing import Any, Generic, TypeVar

from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_client.errors import Cancelled

IDLE_LIMIT = 3.0
"""The seconds without any response after which an unanswered attempt makes the channel suspect.
Less than an attempt may take."""

ChannelT = TypeVar("ChannelT")


@dataclass(slots=True, eq=False)
class PooledChannel(Generic[ChannelT]):
    """A channel of the pool."""

    channel: ChannelT
    """The channel. The pool does not close it, but returns it for closing."""

    stub: Any
    """The methods of the service on the channel."""

    last_response: float
    """When the server responded last, or the channel was opened."""

    calls: int = 0
    """The number of attempts that use it."""


class ChannelPool(Generic[ChannelT]):
    """Gives each attempt of a call its channel. May be used by any number of threads.

    A connection that was cut without notice accepts requests and never answers. So after an attempt
    without an answer on a channel that had no response for a while, later attempts get a new one,
    and the old one is closed after its last attempt.
    """

    def __init__(
        self, connect: Callable[[], ChannelT], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Create a pool; the first channel is opened when it is needed.

        Args:
            connect: Opens a channel over a connection of its own.

            clock: Returns the time in seconds, from any beginning.
        """
        self._connect = connect
        self._clock = clock
        # Reentrant: a signal handler may close the client inside a method of the same thread.
        self._lock = RLock()
        self._current: PooledChannel[ChannelT] | None = None
        self._in_use: set[PooledChannel[ChannelT]] = set()
        self._is_closed = False

    def acquire(self) -> PooledChannel[ChannelT]:
        """Return the channel for an attempt, which releases it.

        Raises:
            Cancelled: The client was closed.
        """
        with self._lock:
            self._check_open()
            pooled = self._current or self._open()
            pooled.calls += 1
            self._in_use.add(pooled)
            self._current = pooled
            try:
                # A signal handler may have closed the client before the new channel was noted.
                self._check_open()
            except Cancelled:
                self._current = None
                self._in_use.discard(pooled)
                raise
            return pooled

    def release(self, pooled: PooledChannel[ChannelT], *, answered: bool) -> ChannelT | None:
        """End an attempt, and return a channel that the caller has to close, if any.

        Args:
            pooled: The channel of the attempt.

            answered: Whether the attempt got a response, or found that there is no server.
        """
        with self._lock:
            now = self._clock()
            if answered:
                pooled.last_response = now
            elif pooled is self._current and now - pooled.last_response >= IDLE_LIMIT:
                self._current = None
            pooled.calls -= 1
            if pooled.calls:
                return None
            unused = pooled is not self._current and not self._is_closed
            self._in_use.discard(pooled)
            return pooled.channel if unused else None

    def close(self) -> list[ChannelT]:
        """Give out no more channels, and return those that the caller has to close."""
        with self._lock:
            pooled = self._in_use | ({self._current} if self._current else set())
            self._is_closed = True
            self._current = None
            return [each.channel for each in pooled]

    def _open(self) -> PooledChannel[ChannelT]:
        channel = self._connect()
        return PooledChannel(channel, LeaderboardServiceStub(channel), self._clock())

    def _check_open(self) -> None:
        if self._is_closed:
            raise Cancelled("the client was closed")

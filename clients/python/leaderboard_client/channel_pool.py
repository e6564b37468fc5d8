"""Channels that the calls of a client share: one to each server, in turn to those that are up."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from threading import RLock
from typing import Any, Generic, TypeVar

from leaderboard_client.addresses import Rotation, Server
from leaderboard_client.errors import Cancelled
from leaderboard_client.service_stub import ServiceStub

IDLE_LIMIT = 3.0
"""The seconds without any response, while attempts wait for one, after which an unanswered attempt
makes the channel suspect. Less than an attempt may take."""

RARE_AFTER = 10.0
"""The seconds after which an unanswered attempt does not add to an earlier one, where several
servers share the channel."""

CONNECT_LIMIT = 1.0
"""The seconds that an attempt waits for a server that is not connected, if there are others."""

ChannelT = TypeVar("ChannelT")


class Outcome(Enum):
    """The end of an attempt, as far as it says something about the server."""

    ANSWERED = auto()
    """The server responded."""

    UNANSWERED = auto()
    """No response came in time."""

    LOST = auto()
    """There is no server, the connection broke, or the server drains."""


@dataclass(slots=True, eq=False)
class PooledChannel(Generic[ChannelT]):
    """A channel of the pool."""

    channel: ChannelT
    """The channel. The pool does not close it, but returns it for closing."""

    stub: Any
    """The methods of the contract on the channel."""

    is_shared: bool
    """Whether several servers share the channel."""

    waited: float = 0.0
    """The seconds since the last response in which attempts waited, up to `counted`."""

    counted: float = 0.0
    """When an attempt last began or ended."""

    unanswered: float = 0.0
    """The seconds in which attempts waited that got no answer, if several servers share the
    channel."""

    unanswered_until: float = -math.inf
    """When the last of those attempts ended."""

    connected: Callable[[], bool] | None = None
    """While the server is not known to be up: says whether the channel was connected."""

    not_before: float = -math.inf
    """When the server may count as up again."""

    calls: int = 0
    """The number of attempts that use it."""

    @property
    def attempt_limit(self) -> float:
        """The longest time of an attempt, in seconds."""
        return math.inf if self.connected is None else CONNECT_LIMIT

    def count(self, change: int, now: float) -> None:
        """Record that an attempt begins (1) or ends (-1)."""
        self.waited += now - self.counted if self.calls else 0.0
        self.counted = now
        self.calls += change

    def idle(self, began: float) -> float:
        """Return the seconds without a response, after an attempt that got none.

        Several servers that share the channel say nothing about each other, so their responses
        don't count. There the time of unanswered attempts adds up, also of those that their callers
        end early, but for rare ones.
        """
        if not self.is_shared:
            return self.waited
        if began - self.unanswered_until > RARE_AFTER:
            self.unanswered = 0.0
        self.unanswered += self.counted - max(began, self.unanswered_until)
        self.unanswered_until = self.counted
        return max(self.unanswered, self.counted - began)


class ChannelPool(Generic[ChannelT]):
    """Gives each attempt of a call its channel. May be used by any number of threads.

    Attempts take the servers in turn that are up: those that were connected and did not fail since.
    If none is up, all are taken in turn.

    A connection that was cut without notice accepts requests and never answers. So after an attempt
    without an answer on a channel on which attempts waited for a while in vain, later attempts get
    a new one, and the old one is closed after its last attempt.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        connect: Callable[[Server], ChannelT],
        connection_of: Callable[[ChannelT], Callable[[], bool]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create a pool; the channels are opened for the first attempt.

        Args:
            servers: One or more.

            connect: Opens a channel to a server over a connection of its own.

            connection_of: Connects a channel, and returns what says whether it was connected.

            clock: Returns the time in seconds, from any beginning.
        """
        self._servers = servers
        self._connect = connect
        self._connection_of = connection_of
        self._clock = clock
        # Reentrant: a signal handler may close the client inside a method of the same thread.
        self._lock = RLock()
        self._turns = Rotation(servers)
        self._current: dict[Server, PooledChannel[ChannelT]] = {}
        self._in_use: set[PooledChannel[ChannelT]] = set()
        self._is_closed = False

    def acquire(self) -> PooledChannel[ChannelT]:
        """Return the channel for an attempt, which releases it.

        Raises:
            Cancelled: The client was closed.
        """
        with self._lock:
            self._check_open()
            current = self._current
            for server in self._servers:
                if server not in current:
                    current[server] = self._open(server)
            pooled = self._next(current)
            pooled.count(1, self._clock())
            self._in_use.add(pooled)
            try:
                # A signal handler may have closed the client before the new channels were noted.
                self._check_open()
            except Cancelled:
                current.clear()
                self._in_use.discard(pooled)
                raise
            return pooled

    def release(
        self,
        pooled: PooledChannel[ChannelT],
        outcome: Outcome,
        *,
        began: float,
        hold: float = 0.0,
    ) -> ChannelT | None:
        """End an attempt, and return a channel that the caller has to close, if any.

        Args:
            pooled: The channel of the attempt.

            outcome: The end of the attempt.

            began: When the attempt began, by the clock of the pool.

            hold: The least seconds for which a server that was lost gets no attempts, if there are
                others.
        """
        with self._lock:
            pooled.count(-1, self._clock())
            if outcome is Outcome.UNANSWERED:
                self._note_silence(pooled, began)
            else:
                pooled.waited = 0.0
            if outcome is Outcome.LOST:
                self._note_loss(pooled, hold)
            elif outcome is Outcome.ANSWERED and pooled.not_before <= began:
                pooled.connected = None
            if pooled.calls:
                return None
            unused = not self._is_current(pooled) and not self._is_closed
            self._in_use.discard(pooled)
            return pooled.channel if unused else None

    def close(self) -> list[ChannelT]:
        """Give out no more channels, and return those that the caller has to close."""
        with self._lock:
            pooled = self._in_use | set(self._current.values())
            self._is_closed = True
            self._current = {}
            return [each.channel for each in pooled]

    def _open(self, server: Server) -> PooledChannel[ChannelT]:
        channel = self._connect(server)
        pooled = PooledChannel(channel, ServiceStub(channel), server.is_group)
        if len(self._servers) > 1:
            pooled.connected = self._connection_of(channel)
        return pooled

    def _next(self, current: dict[Server, PooledChannel[ChannelT]]) -> PooledChannel[ChannelT]:
        """Return the channel of the next server that is up, or else of the next one."""
        for _ in self._servers:
            pooled = current[self._turns.next()]
            if self._is_up(pooled):
                return pooled
        return current[self._turns.next()]

    def _is_up(self, pooled: PooledChannel[ChannelT]) -> bool:
        if pooled.connected and pooled.not_before <= self._clock() and pooled.connected():
            pooled.connected = None
        return pooled.connected is None

    def _note_silence(self, pooled: PooledChannel[ChannelT], began: float) -> None:
        if pooled.idle(began) >= IDLE_LIMIT and self._is_current(pooled):
            self._current = {
                server: each for server, each in self._current.items() if each is not pooled
            }

    def _note_loss(self, pooled: PooledChannel[ChannelT], hold: float) -> None:
        if len(self._servers) > 1 and self._is_current(pooled):
            pooled.not_before = self._clock() + hold
            pooled.connected = pooled.connected or self._connection_of(pooled.channel)

    def _is_current(self, pooled: PooledChannel[ChannelT]) -> bool:
        return pooled in self._current.values()

    def _check_open(self) -> None:
        if self._is_closed:
            raise Cancelled("the client was closed")

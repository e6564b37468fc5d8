"""The connection that the calls of a client share, and when another one takes its place."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from leaderboard.v1.leaderboard_pb2_grpc import LeaderboardServiceStub
from leaderboard_client.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

_SILENCE = 3.0
"""The seconds without any answer after which an attempt without one makes a line suspect. Less than
an attempt may take."""

ChannelT = TypeVar("ChannelT")


@dataclass(slots=True, eq=False)
class Line(Generic[ChannelT]):
    """One connection, with what is known of it."""

    channel: ChannelT
    """The channel; whoever is told so closes it."""

    stub: Any
    """The calls of the service on the channel."""

    heard: float
    """When it was opened, or the server answered last."""

    calls: int = 0
    """How many calls use it."""


class Lines(Generic[ChannelT]):
    """Gives each attempt of a call its line; may be used by any number of threads.

    A connection that was cut without notice takes what is sent and never answers. So when an
    attempt got no answer and the line was silent for a while, later attempts get a new one, and the
    old one is closed with the last call that uses it.
    """

    def __init__(
        self, connect: Callable[[], ChannelT], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare lines; the first one is opened when it is needed.

        Args:
            connect: Opens a channel over a connection of its own.

            clock: Returns the time in seconds, from any beginning.
        """
        self._connect = connect
        self._clock = clock
        # A signal handler may close the client whose thread it interrupts.
        self._lock = RLock()
        self._line: Line[ChannelT] | None = None
        self._in_use: set[Line[ChannelT]] = set()
        self.is_closed = False
        """Tells that there are no lines any more."""

    def take(self) -> Line[ChannelT]:
        """Return the line for an attempt, to be given back.

        Raises:
            Cancelled: The client was closed.
        """
        with self._lock:
            self._check_open()
            line = self._line or self._open()
            line.calls += 1
            self._in_use.add(line)
            self._line = line
            try:
                # A signal handler may have closed the client since: then nobody knows a new line.
                self._check_open()
            except Cancelled:
                self._line = None
                self._in_use.discard(line)
                raise
            return line

    def give_back(self, line: Line[ChannelT], *, answered: bool) -> ChannelT | None:
        """Take note of the end of an attempt, and return a channel that is to be closed, if any.

        Args:
            line: What the attempt used.

            answered: Tells that the server, or the lack of one, was noticed within the attempt.
        """
        with self._lock:
            now = self._clock()
            if answered:
                line.heard = now
            elif line is self._line and now - line.heard >= _SILENCE:
                self._line = None
            line.calls -= 1
            if line.calls:
                return None
            unused = line is not self._line and not self.is_closed
            self._in_use.discard(line)
            return line.channel if unused else None

    def close(self) -> list[ChannelT]:
        """End all lines, and return the channels that are to be closed."""
        with self._lock:
            lines = self._in_use | ({self._line} if self._line else set())
            self.is_closed = True
            self._line = None
            return [line.channel for line in lines]

    def _open(self) -> Line[ChannelT]:
        channel = self._connect()
        return Line(channel, LeaderboardServiceStub(channel), self._clock())

    def _check_open(self) -> None:
        if self.is_closed:
            raise Cancelled("the client was closed")

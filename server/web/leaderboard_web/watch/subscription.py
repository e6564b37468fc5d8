"""The subscription of one WebSocket to a group."""

import asyncio
from dataclasses import dataclass

from leaderboard_server.domain.position import Position
from leaderboard_web.watch.connection import BrowserConnection
from leaderboard_web.watch.instruments import WatchInstruments
from leaderboard_web.watch.messages import SERVICE_LOST, draining_frame
from leaderboard_web.watch.recent_messages import Cursor, RecentMessages, Start

AHEAD_S = 2.0
"""How long a reader waits whose position is later than the group's: another gateway may be some
milliseconds ahead."""

NORMAL_CLOSURE = 1000
GOING_AWAY = 1001
INTERNAL_ERROR = 1011


@dataclass(slots=True)
class GroupState:
    """What a group shares with its subscriptions."""

    recent: RecentMessages
    instruments: WatchInstruments
    outage: int = 0
    """The number of the present outage of the service, from 1; 0 if there is none."""


class Subscription:
    """Sends one WebSocket the messages of a group, as fast as it accepts them."""

    __slots__ = (
        "_connection",
        "_cursor",
        "_has_closed",
        "_is_blocked",
        "_may_wait",
        "_outage",
        "_resume_after",
        "_state",
        "_wait_timer",
    )

    def __init__(
        self, state: GroupState, connection: BrowserConnection, resume_after: Position | None
    ) -> None:
        """Prepare a subscription, which sends nothing before `send_next`."""
        self._state = state
        self._connection = connection
        self._resume_after = resume_after
        self._cursor: Cursor | None = None
        """None before the first message."""
        self._is_blocked = False
        """Whether the buffer of the connection is full."""
        self._has_closed = False
        self._outage = 0
        """The outage that the watcher was sent last."""
        self._may_wait = True
        """Whether to wait until the group has reached the watcher's position."""
        self._wait_timer: asyncio.TimerHandle | None = None

    def send_next(self) -> None:
        """Send all that there is, while the connection accepts it."""
        if self._is_blocked or self._has_closed:
            return
        recent = self._state.recent
        cursor = self._cursor or self._begin(recent)
        if cursor:
            while not self._is_blocked and (frame := recent.take(cursor)) is not None:
                self._write(frame)
            if self._is_blocked:
                return
            if recent.is_over_for(cursor):
                self._close(NORMAL_CLOSURE)
                return
        outage = self._state.outage
        if outage != self._outage:
            self._outage = outage
            if outage:
                self._write(SERVICE_LOST)

    def drain(self) -> None:
        """Send the last message before the gateway stops, and close."""
        if self._cursor and not self._has_closed:
            self._write(draining_frame(self._cursor.position))
        self._close(GOING_AWAY)

    def fail(self, reason: str) -> None:
        """Close it: the service has refused the watch for good."""
        self._close(INTERNAL_ERROR, reason)

    def end(self) -> None:
        """Send nothing more: the connection is closed."""
        self._has_closed = True
        if self._wait_timer:
            self._wait_timer.cancel()

    def _begin(self, recent: RecentMessages) -> Cursor | None:
        """Send the first message, if it is known yet."""
        if not recent.begun:
            return None
        start: Start | None
        if self._resume_after is None:
            start = recent.start()
        else:
            start = recent.resume(self._resume_after, may_wait=self._may_wait)
        if start is None:
            loop = asyncio.get_running_loop()
            self._wait_timer = self._wait_timer or loop.call_later(AHEAD_S, self._stop_waiting)
            return None
        self._cursor = start.cursor
        self._outage = 0  # a board hides that the service is lost
        if start.frame:
            self._write(start.frame)
        return self._cursor

    def _stop_waiting(self) -> None:
        self._may_wait = False
        self.send_next()

    def _write(self, frame: bytes) -> None:
        self._state.instruments.messages.add()
        if not self._connection.write(frame):
            self._is_blocked = True
            self._connection.when_writable(self._unblock)

    def _unblock(self) -> None:
        self._is_blocked = False
        self.send_next()

    def _close(self, code: int, reason: str = "") -> None:
        if not self._has_closed:
            self.end()
            self._connection.close(code, reason)

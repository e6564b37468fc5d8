"""Measures how far the feed lags: from the reply to a commit of this server to its message."""

import time
from collections import deque

from leaderboard_server.domain.position import Position
from leaderboard_server.metrics.instruments import Histogram

_MAX_AWAITED = 100
"""Commits of one contest whose messages are awaited; the lag of earlier ones is not measured."""


class CommitLag:
    """The commits of one contest whose messages are awaited, in order."""

    def __init__(self, seconds: Histogram) -> None:
        """Observe by `seconds`."""
        self._seconds = seconds
        self._awaited: deque[tuple[Position, float]] = deque(maxlen=_MAX_AWAITED)

    def observe_own_commit(self, position: Position, *, received: bool) -> None:
        """Await the message of a commit, whose reply has come, unless it was received before."""
        if received:
            self._seconds.observe(0.0)
        else:
            self._awaited.append((position, time.monotonic()))

    def observe_message(self, position: Position) -> None:
        """Observe the message of a commit; those before it will not come."""
        while self._awaited:
            awaited, since = self._awaited[0]
            if awaited.epoch == position.epoch and awaited.revision > position.revision:
                return
            self._awaited.popleft()
            if awaited == position:
                self._seconds.observe(time.monotonic() - since)

    def clear(self) -> None:
        """Await nothing: messages may be missed."""
        self._awaited.clear()

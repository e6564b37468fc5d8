"""How many updates a contest took in each of the last seconds, as a line of little bars."""

import math
from collections import deque
from collections.abc import Callable

from leaderboard_client.watch_update import WatchUpdate

SECONDS = 60
"""How far back it goes."""

_BARS = "▁▂▃▄▅▆▇█"
_RATE_SECONDS = 5


class Sparkline:
    """Counts the updates of a contest by the second.

    All of them, also those that change nothing on the board: the revisions of the messages say how
    many there were. What came with one message is spread over the time since the one before it.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._newest = math.floor(clock())
        self._counts = deque([0.0] * SECONDS, maxlen=SECONDS)
        self._heard_at = clock()

    def take(self, update: WatchUpdate) -> None:
        """Count what the message of an update stands for."""
        message = update.message
        if message is None:
            return
        self._move_on()
        since, self._heard_at = self._heard_at, self._clock()
        came = message.position.revision - message.previous_revision
        if message.HasField("snapshot") or came <= 0:
            return
        seconds = min(max(self._newest - math.floor(since), 0), SECONDS - 1) + 1
        for back in range(1, seconds + 1):
            self._counts[-back] += came / seconds

    @property
    def rate(self) -> float:
        """The updates a second, on average of the last seconds."""
        self._move_on()
        return sum(list(self._counts)[-_RATE_SECONDS:]) / _RATE_SECONDS

    def bars(self, width: int) -> str:
        """Return a bar for each second, the newest at the right.

        Args:
            width: How many at most.
        """
        self._move_on()
        shown = list(self._counts)[-max(min(width, SECONDS), 1) :]
        most = max(shown)
        if not most:
            return _BARS[0] * len(shown)
        return "".join(_BARS[math.ceil(count / most * (len(_BARS) - 1))] for count in shown)

    def _move_on(self) -> None:
        now = math.floor(self._clock())
        self._counts.extend([0.0] * min(now - self._newest, SECONDS))
        self._newest = now

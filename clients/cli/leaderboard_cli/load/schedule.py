"""When each call of a run is due: by the clock alone, whatever the server does."""

import asyncio
import math
from collections.abc import Callable

_GRACE = 1.0
"""The seconds in which what was held up at the end can be made up for."""


class Schedule:
    """Hands out the calls of a run, one at a time, each not before it is due.

    Call n is due n / rate seconds after the first. Who takes one late takes it at once, so what
    was held up is made up for. What is still due a second after the time is over is left out.
    """

    def __init__(
        self, rate: float, duration: float, clock: Callable[[], float], began: float
    ) -> None:
        """Begin a run.

        Args:
            rate: Calls a second, more than 0.

            duration: How long the run takes, in seconds.

            clock: The time in seconds, as that of the event loop.

            began: When the first call is due, on that clock.
        """
        self._rate = rate
        self._clock = clock
        self._began = began
        self._ends = began + duration + _GRACE
        self.planned = max(round(rate * duration), 1)
        """How many calls the run has."""
        self.taken = 0
        """How many were handed out."""

    def due_by(self, now: float) -> int:
        """Return how many calls were due at a time."""
        return min(math.floor((now - self._began) * self._rate) + 1, self.planned)

    def age(self, number: int, now: float) -> float:
        """Return how long ago in seconds a call was due, the first of which is 0."""
        return now - self._began - number / self._rate

    async def next_due(self) -> float | None:
        """Wait for the next call, and return when it was due; None if there is none any more."""
        if self.taken >= self.planned or self._clock() >= self._ends:
            return None
        due = self._began + self.taken / self._rate
        self.taken += 1
        wait = due - self._clock()
        if wait > 0:
            await asyncio.sleep(wait)
        return due

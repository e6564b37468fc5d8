"""Measures how late the event loop runs its timers: how long it was busy with something else."""

import asyncio
import time

from leaderboard_server.metrics.instruments import Histogram

INTERVAL_S = 0.1
"""How often a timer is due."""


class LoopDelay:
    """Measures the delay of the running event loop from `start` to `close`."""

    def __init__(self, seconds: Histogram) -> None:
        """Observe by `seconds`."""
        self._seconds = seconds
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to measure."""
        # Not the loop's time, which uvloop reads once for each turn, in whole milliseconds.
        self._due = time.monotonic() + INTERVAL_S
        self._timer = asyncio.get_running_loop().call_later(INTERVAL_S, self._on_timer)

    async def close(self) -> None:
        """Stop it."""
        if self._timer:
            self._timer.cancel()

    def _on_timer(self) -> None:
        self._seconds.observe(max(0.0, time.monotonic() - self._due))
        self.start()

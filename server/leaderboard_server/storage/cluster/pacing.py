"""Paces work that may be due again and again, so that it leaves the event loop to others."""

import asyncio
import time
from collections.abc import Callable

SHARE = 0.1
"""The most of the time that the work takes."""
MAX_DELAY_S = 0.25
"""How long it is put off at most."""


class PacedWork:
    """Runs work as soon as it is due, or a while after the last run if that took long."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._next_at = 0.0
        """From when on it is run at once."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> bool:
        """Whether it is due, and put off."""
        return self._timer is not None

    def run_soon(self) -> None:
        """Run it at once, or later for all calls until then."""
        if self._timer:
            return
        delay_s = min(self._next_at - time.monotonic(), MAX_DELAY_S)
        if delay_s > 0:
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._run)
        else:
            self._run()

    def run_waiting(self) -> None:
        """Run it at once if it is due."""
        if self._timer:
            self._run()

    def cancel(self) -> None:
        """Run it no more for what was due."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        self.cancel()
        began = time.monotonic()
        self._work()
        ended = time.monotonic()
        self._next_at = ended + (ended - began) * (1 / SHARE - 1)

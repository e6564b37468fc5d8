"""The end of a client or a watch, as the threads that wait for something else notice it."""

from __future__ import annotations

import queue
from contextlib import suppress


class Closing:
    """Comes once, from any thread: also from a signal handler, whatever that interrupts."""

    def __init__(self) -> None:
        self.has_come = False
        """Tells that it came."""
        # Unlike an Event, a signal handler may use it in the middle of a use by its own thread.
        self._coming: queue.SimpleQueue[None] = queue.SimpleQueue()

    def come(self) -> None:
        """Let it come; may be called again."""
        self.has_come = True
        self._coming.put(None)

    def pause(self, seconds: float) -> None:
        """Wait for some time, or until it comes."""
        with suppress(queue.Empty):
            self._coming.get(timeout=seconds)
            # Other threads may wait for it, too.
            self._coming.put(None)

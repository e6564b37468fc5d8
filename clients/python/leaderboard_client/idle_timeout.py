"""Notices that nothing comes on a stream that somebody waits for, from a thread of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class SilenceGuard:
    """Ends a stream when a message was waited for too long.

    As a context manager it guards within its block. The time that the reader of the stream takes
    for itself is no silence.
    """

    def __init__(self, silence: float, end: Callable[[], object]) -> None:
        """Prepare to guard a stream.

        Args:
            silence: The seconds that waiting for a message may take.

            end: Ends the stream; called from another thread.
        """
        self.has_ended = False
        """Tells that the stream was ended for its silence."""
        self._silence = silence
        self._end = end
        self._since: float | None = None
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._guard, name="leaderboard-watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._left.set()

    def waits(self) -> None:
        """Take note that a message is waited for from now on."""
        self._since = time.monotonic()

    def heard(self) -> None:
        """Take note that it came."""
        self._since = None

    def _guard(self) -> None:
        left = self._silence
        while not self._left.wait(left):
            since = self._since
            left = self._silence if since is None else since + self._silence - time.monotonic()
            if left <= 0:
                self.has_ended = True
                self._end()
                return

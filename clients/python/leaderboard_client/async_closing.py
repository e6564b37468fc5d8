"""The end of an asynchronous client, as its calls and watches notice it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import grpc.aio

from leaderboard_client.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Iterator


class AsyncClosing:
    """Tells whether a client was closed. All that it is asked for raises Cancelled from then on."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    def come(self) -> None:
        """Close; may be called again."""
        self._closed.set()

    def check(self) -> None:
        """Go on where the client is open."""
        if self._closed.is_set():
            raise Cancelled("the client was closed")

    async def pause(self, seconds: float) -> None:
        """Wait for some time, or until the client is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        self.check()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Guard the block that waits on a channel of the client, which may be closed under it.

        A channel that is closed cancels what waits on it, as if the task had been cancelled; the
        two are told apart by whether somebody has asked the task since the block began.
        """
        asked_before = _cancellations()
        try:
            yield
        except (asyncio.CancelledError, grpc.aio.UsageError):
            if _cancellations() == asked_before:
                self.check()
            raise


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()

"""One open stream, as its handler uses it."""

import asyncio
from collections.abc import AsyncIterator

from leaderboard_front._native import Front

MAX_QUEUED_REQUESTS = 64
"""Requests of one bidi call that may be queued for its handler."""


class StreamStalled(TimeoutError):
    """The receiver accepted nothing for the write timeout."""


class Stream:
    """Sends the messages of one call, and iterates over the requests of a bidi call."""

    def __init__(self, front: Front, call: int) -> None:
        self.call = call
        self.unsent: bytes | None = None
        """The message that was being sent when the receiver stalled."""
        self._front = front
        self._changed = asyncio.Event()
        self._stalled = False
        self._subscription = 0
        self._evicted_at: int | None = None
        self._requests: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_QUEUED_REQUESTS)

    async def send(self, message: bytes) -> None:
        """Send a message: wait until the send buffer has accepted it.

        Raises:
            StreamStalled: The receiver accepted nothing for the write timeout.
        """
        while True:
            if self._stalled:
                self.unsent = message
                raise StreamStalled
            if self._front.send(self.call, message):
                # Without this, a receiver that keeps up would leave no time for other tasks.
                await asyncio.sleep(0)
                return
            await self._changed.wait()

    async def follow(self, group: str, cursor: int) -> int:
        """Receive the messages of a broadcast group; `cursor` is the position of the stream.

        Returns:
            The cursor of the last message, once the stream was evicted from the group.

        Raises:
            StreamStalled: The receiver accepted nothing for the write timeout.
        """
        self._evicted_at = None
        self._subscription += 1
        self._front.follow(self.call, group, cursor, self._subscription)
        while self._evicted_at is None:
            if self._stalled:
                raise StreamStalled
            await self._changed.wait()
        return self._evicted_at

    async def requests(self) -> AsyncIterator[bytes]:
        """Yield the requests of a bidi call."""
        while (request := await self._requests.get()) is not None:
            yield request

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def on_request(self, request: bytes | None) -> None:
        """Queue a further request, or None for their end.

        Raises:
            asyncio.QueueFull: The handler doesn't keep up.
        """
        self._requests.put_nowait(request)

    def on_writable(self) -> None:
        """Continue a `send` that waits for the buffer."""
        self._wake()

    def on_evicted(self, cursor: int, subscription: int) -> None:
        """End the subscription, unless it is an earlier one."""
        if subscription == self._subscription:
            self._evicted_at = cursor
            self._wake()

    def on_stalled(self) -> None:
        """Fail `send` and `follow` from now on."""
        self._stalled = True
        self._wake()

"""One open stream, as its handler sees it."""

import asyncio
from collections.abc import AsyncIterator

from leaderboard_front._native import Front

WAITING_REQUESTS = 64
"""How many requests of one call may wait for its handler."""


class StreamStalled(TimeoutError):
    """The receiver took nothing for the write timeout."""


class Stream:
    """Sends messages of one call; where the method has them, iterates over its requests.

    As a function it sends one message and waits until the slot has taken it.
    """

    def __init__(self, front: Front, call: int) -> None:
        self.call = call
        self.unsent: bytes | None = None
        """The message that the receiver stalled at."""
        self._front = front
        self._changed = asyncio.Event()
        self._stalled = False
        self._joinings = 0
        self._lagged: int | None = None
        self._requests: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_REQUESTS)

    async def __call__(self, message: bytes) -> None:
        """Send a message.

        Raises:
            StreamStalled: The receiver took nothing for the write timeout.
        """
        while True:
            if self._stalled:
                self.unsent = message
                raise StreamStalled
            if self._front.send(self.call, message):
                # Without this, a receiver that keeps up would leave no time for anybody else.
                await asyncio.sleep(0)
                return
            await self._changed.wait()

    async def follow(self, topic: str, mark: int) -> int:
        """Have what is published to a topic from now on; `mark` is where the stream stands.

        Returns:
            The mark it got to, once it was taken out of the topic.

        Raises:
            StreamStalled: The receiver took nothing for the write timeout.
        """
        self._lagged = None
        self._joinings += 1
        self._front.join(self.call, topic, mark, self._joinings)
        while self._lagged is None:
            if self._stalled:
                raise StreamStalled
            await self._changed.wait()
        return self._lagged

    def publish(self, topic: str, message: bytes, mark: int) -> None:
        """Put a message into the slot of every stream of a topic; who has no room is taken out."""
        self._front.publish(topic, message, mark)

    def close(self, topic: str) -> None:
        """Take all streams out of a topic."""
        self._front.close(topic)

    async def requests(self) -> AsyncIterator[bytes]:
        """Yield the requests of a bidirectional method."""
        while (request := await self._requests.get()) is not None:
            yield request

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def on_request(self, request: bytes | None) -> None:
        """Take a further request in, or None for their end.

        Raises:
            asyncio.QueueFull: The handler doesn't keep up.
        """
        self._requests.put_nowait(request)

    def on_room(self) -> None:
        """Hear that the slot has room again."""
        self._wake()

    def on_lagged(self, mark: int, number: int) -> None:
        """Hear that the stream was taken out of its topic."""
        if number == self._joinings:
            self._lagged = mark
            self._wake()

    def on_stalled(self) -> None:
        """Hear that the receiver takes nothing."""
        self._stalled = True
        self._wake()

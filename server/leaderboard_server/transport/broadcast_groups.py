"""Channels that many streams follow, for a listener that has none of its own.

Who publishes never waits: each stream has a bounded slot that it empties at its own pace, and one
whose slot is full is let go.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Message = TypeVar("Message")

SLOT = 16
"""How many messages may wait for one stream."""


class _Follower(Generic[Message]):
    """A stream's slot."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.messages: deque[tuple[Message, int]] = deque()
        self.let_go = False
        self.waiting: asyncio.Future[None] | None = None

    async def until_changed(self) -> None:
        """Wait for a message, or to be let go."""
        # By hand: an event looks for the running loop each time, which takes a system call.
        self.waiting = self._loop.create_future()
        try:
            await self.waiting
        finally:
            self.waiting = None

    def wake(self) -> None:
        """End the wait, if it waits."""
        if self.waiting and not self.waiting.done():
            self.waiting.set_result(None)


class Channels(Generic[Message]):
    """All channels of a listener."""

    def __init__(self) -> None:
        self._followers: dict[str, set[_Follower[Message]]] = {}

    async def follow(
        self, channel: str, mark: int, send: Callable[[Message], Awaitable[None]]
    ) -> int:
        """See `listener.Stream.follow`; `send` sends one message."""
        follower = _Follower[Message]()
        self._followers.setdefault(channel, set()).add(follower)
        try:
            while True:
                while follower.messages:
                    message, mark_then = follower.messages.popleft()
                    await send(message)
                    mark = mark_then
                if follower.let_go:
                    return mark
                await follower.until_changed()
        finally:
            self._forget(channel, follower)

    def publish(self, channel: str, message: Message, mark: int) -> None:
        """See `listener.Stream.publish`."""
        for follower in list(self._followers.get(channel, ())):
            if len(follower.messages) < SLOT:
                follower.messages.append((message, mark))
                follower.wake()
            else:
                self._let_go(channel, follower)

    def close(self, channel: str) -> None:
        """See `listener.Stream.close`."""
        for follower in list(self._followers.get(channel, ())):
            self._let_go(channel, follower)

    def _let_go(self, channel: str, follower: _Follower[Message]) -> None:
        follower.let_go = True
        follower.wake()
        self._forget(channel, follower)

    def _forget(self, channel: str, follower: _Follower[Message]) -> None:
        if followers := self._followers.get(channel):
            followers.discard(follower)
            if not followers:
                del self._followers[channel]

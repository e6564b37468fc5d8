"""Broadcast groups in Python, for a listener that has none of its own.

Publishing never waits: each stream has a bounded buffer that it sends at its own pace, and a stream
whose buffer is full is evicted.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Message = TypeVar("Message")

SEND_BUFFER_MESSAGES = 16
"""Messages that may be buffered for one stream."""


class _Follower(Generic[Message]):
    """The send buffer of one stream."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self.messages: deque[tuple[Message, int]] = deque()
        self.evicted = False

    async def wait_for_change(self) -> None:
        """Wait for a message or for the eviction."""
        # A plain future: an event looks up the running loop each time, which takes a system call.
        self._waiting = self._loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def notify(self) -> None:
        """End the wait, if there is one."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)


class BroadcastGroups(Generic[Message]):
    """All broadcast groups of a listener."""

    def __init__(self) -> None:
        self._followers: dict[str, set[_Follower[Message]]] = {}

    async def follow(
        self, group: str, cursor: int, send: Callable[[Message], Awaitable[None]]
    ) -> int:
        """See `listener.Stream.follow`; `send` sends one message."""
        follower = _Follower[Message]()
        self._followers.setdefault(group, set()).add(follower)
        try:
            while True:
                while follower.messages:
                    message, next_cursor = follower.messages.popleft()
                    await send(message)
                    cursor = next_cursor
                if follower.evicted:
                    return cursor
                await follower.wait_for_change()
        finally:
            self._remove(group, follower)

    def publish(self, group: str, message: Message, cursor: int) -> None:
        """See `listener.Listener.publish`."""
        for follower in list(self._followers.get(group, ())):
            if len(follower.messages) < SEND_BUFFER_MESSAGES:
                follower.messages.append((message, cursor))
                follower.notify()
            else:
                self._evict(group, follower)

    def close_group(self, group: str) -> None:
        """See `listener.Listener.close_group`."""
        for follower in list(self._followers.get(group, ())):
            self._evict(group, follower)

    def _evict(self, group: str, follower: _Follower[Message]) -> None:
        follower.evicted = True
        follower.notify()
        self._remove(group, follower)

    def _remove(self, group: str, follower: _Follower[Message]) -> None:
        if followers := self._followers.get(group):
            followers.discard(follower)
            if not followers:
                del self._followers[group]

"""Channels that many streams follow, for a listener that has none of its own.

Who publishes never waits: each stream has a bounded slot that it empties at its own pace, and one
whose slot is full is let go.
"""

from asyncio import Event
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Message = TypeVar("Message")

SLOT = 16
"""How many messages may wait for one stream."""


class _Follower(Generic[Message]):
    """A stream's slot."""

    def __init__(self) -> None:
        self.messages: deque[tuple[Message, int]] = deque()
        self.let_go = False
        self.changed = Event()


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
                follower.changed.clear()
                await follower.changed.wait()
        finally:
            self._forget(channel, follower)

    def publish(self, channel: str, message: Message, mark: int) -> None:
        """See `listener.Stream.publish`."""
        for follower in list(self._followers.get(channel, ())):
            if len(follower.messages) < SLOT:
                follower.messages.append((message, mark))
                follower.changed.set()
            else:
                self._let_go(channel, follower)

    def close(self, channel: str) -> None:
        """See `listener.Stream.close`."""
        for follower in list(self._followers.get(channel, ())):
            self._let_go(channel, follower)

    def _let_go(self, channel: str, follower: _Follower[Message]) -> None:
        follower.let_go = True
        follower.changed.set()
        self._forget(channel, follower)

    def _forget(self, channel: str, follower: _Follower[Message]) -> None:
        if followers := self._followers.get(channel):
            followers.discard(follower)
            if not followers:
                del self._followers[channel]

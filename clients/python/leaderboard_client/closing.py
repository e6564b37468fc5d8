"""Closing of a client: the events that its calls and watches wait for, and what it closes."""

import asyncio
import queue
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Generic, TypeVar

import grpc.aio

from leaderboard_client.errors import Cancelled

ItemT = TypeVar("ItemT")


class CloseEvent:
    """A one-shot close event. Safe to set from any thread and from a signal handler."""

    def __init__(self) -> None:
        self.is_set = False
        """Whether it was set."""
        # A signal handler may interrupt its own thread inside any method: an Event's lock would
        # deadlock there, a SimpleQueue is reentrant.
        self._wakeups: queue.SimpleQueue[None] = queue.SimpleQueue()

    def set(self) -> None:
        """Set the event; may be called again."""
        self.is_set = True
        self._wakeups.put(None)

    def check(self) -> None:
        """Raise Cancelled if the event is set."""
        if self.is_set:
            raise Cancelled("the client was closed") from None

    def pause(self, seconds: float) -> None:
        """Wait for some seconds, or until the event is set."""
        with suppress(queue.Empty):
            self._wakeups.get(timeout=seconds)
            # Other threads may be waiting for it, too.
            self._wakeups.put(None)


class AsyncCloseEvent:
    """The one-shot close event of an asyncio client."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Set the event; may be called again."""
        self._event.set()

    def check(self) -> None:
        """Raise Cancelled if the event is set."""
        if self._event.is_set():
            raise Cancelled("the client was closed") from None

    async def pause(self, seconds: float) -> None:
        """Wait for some seconds; raise Cancelled once the event is set."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._event.wait()
        self.check()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Raise Cancelled from the block if the channel that it waits on is closed by the client.

        gRPC cancels the calls of a closed channel as if their tasks had been cancelled. A task was
        not cancelled itself if its number of cancellation requests did not change in the block.
        """
        before = _cancellations()
        try:
            yield
        except (asyncio.CancelledError, grpc.aio.UsageError):
            if _cancellations() == before:
                self.check()
            raise


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


class WeakRegistry(Generic[ItemT]):
    """The watches or buffers that a client made and that are still in use; for any thread."""

    def __init__(self, close: Callable[[ItemT], None]) -> None:
        """Create an empty registry.

        Args:
            close: Closes an item; may be called again with the same one.
        """
        self._close = close
        self._items: weakref.WeakSet[ItemT] = weakref.WeakSet()
        # Reentrant: a signal handler may close the client inside a method of the same thread.
        self._lock = threading.RLock()
        self._is_closed = False

    def make(self, factory: Callable[[], ItemT]) -> ItemT:
        """Make an item, register and return it.

        Raises:
            Cancelled: The client was closed.
        """
        with self._lock:
            self._check_open()
            item = factory()
            self._items.add(item)
        try:
            # A signal handler may have closed the client before the item was registered.
            self._check_open()
        except Cancelled:
            self._close(item)
            raise
        return item

    def close(self) -> None:
        """Make no more items, and close those in use."""
        with self._lock:
            self._is_closed = True
            items = list(self._items)
        for item in items:
            self._close(item)

    def _check_open(self) -> None:
        if self._is_closed:
            raise Cancelled("the client was closed")

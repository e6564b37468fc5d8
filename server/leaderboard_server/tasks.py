"""Asyncio building blocks: single-flight calls, locks, background tasks and restart delays.

Closing one never swallows the cancellation of the task that waits for it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

from cachetools import LRUCache

Result = TypeVar("Result")
Value = TypeVar("Value")


class SingleFlight(Generic[Result]):
    """Runs one call at a time; callers that arrive meanwhile share it and get its outcome.

    A caller that is cancelled leaves the call running for the others.
    """

    def __init__(self, work: Callable[[], Coroutine[Any, Any, Result]], *, name: str) -> None:
        """Prepare calls of `work`.

        Args:
            work: Makes the coroutine of one call.

            name: The name of its task, for debugging.
        """
        self._work = work
        self._name = name
        self._task: asyncio.Task[Result] | None = None

    @property
    def running(self) -> bool:
        """Whether a call is in flight."""
        return self._task is not None and not self._task.done()

    async def run(self) -> Result:
        """Join the call in flight or start one; return its result or raise its error."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work(), name=self._name)
            self._task.add_done_callback(self._on_done)
        return await asyncio.shield(self._task)

    def detach(self) -> None:
        """Let the call in flight finish for its callers; the next caller starts another one."""
        self._task = None

    def cancel(self) -> None:
        """Cancel the call in flight, if any: its callers get `CancelledError`."""
        if self._task:
            self._task.cancel()

    async def close(self) -> None:
        """Cancel the call in flight, if any, and wait for its end."""
        if task := self._task:
            task.cancel()
            await asyncio.wait([task])

    def _on_done(self, task: asyncio.Task[Result]) -> None:
        if self._task is task:
            self._task = None
        if not task.cancelled():
            task.exception()  # marks the error as seen: the callers raise it


class SingleFlightMap:
    """Runs one call for each key; callers with the same key share its result, also later ones.

    The results of the keys that were used last are kept. A call that fails is forgotten, so that
    the next caller starts another one.
    """

    def __init__(self, max_keys: int, *, name: str) -> None:
        """Keep the results of `max_keys` keys; `name` is the name of the tasks, for debugging."""
        self._name = name
        self._tasks: LRUCache[object, asyncio.Task[Any]] = LRUCache(max_keys)

    async def run(self, key: object, work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Join the call of a key, or start `work`; return its result or raise its error."""
        task: asyncio.Task[Result] | None = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.create_task(work(), name=self._name)
            task.add_done_callback(partial(self._on_done, key))
        return await asyncio.shield(task)

    def clear(self) -> None:
        """Forget all results; calls in flight finish for their callers."""
        self._tasks.clear()

    def _on_done(self, key: object, task: asyncio.Task[Any]) -> None:
        failed = task.cancelled() or task.exception()
        if failed and self._tasks.get(key) is task:
            del self._tasks[key]


class SharedCalls:
    """Runs one call for each key at a time; callers that arrive meanwhile share its outcome.

    A caller that is cancelled leaves the call to the others; without any it is cancelled.
    """

    def __init__(self, *, name: str) -> None:
        """Run tasks of this name, which is for debugging."""
        self._name = name
        self._calls: dict[object, _SharedCall] = {}

    async def run(
        self,
        key: object,
        work: Callable[[], Coroutine[Any, Any, Result]],
        *,
        alone: bool = False,
    ) -> Result:
        """Join the call of a key, or start `work`; return its result or raise its error.

        With `alone` a call in flight is not joined; later callers join the new one.
        """
        call = self._calls.get(key)
        if call is None or alone:
            call = self._calls[key] = _SharedCall(asyncio.create_task(work(), name=self._name))
            call.task.add_done_callback(partial(self._on_done, key))
        call.callers += 1
        try:
            result: Result = await asyncio.shield(call.task)
        finally:
            call.callers -= 1
            if not call.callers:
                call.task.cancel()
                self._forget(key, call.task)
        return result

    def _on_done(self, key: object, task: asyncio.Task[Any]) -> None:
        self._forget(key, task)
        if not task.cancelled():
            task.exception()  # marks the error as seen: the callers raise it

    def _forget(self, key: object, task: asyncio.Task[Any]) -> None:
        call = self._calls.get(key)
        if call and call.task is task:
            del self._calls[key]


@dataclass
class _SharedCall:
    """A call in flight, and how many callers wait for it."""

    task: asyncio.Task[Any]
    callers: int = 0


class Keyed(Generic[Value]):
    """A lock, a queue or the like for each key, which lasts as long as a caller uses it."""

    def __init__(self, make: Callable[[], Value]) -> None:
        """Keep what `make` returns for each key that is in use."""
        self._make = make
        self._values: WeakValueDictionary[Hashable, Value] = WeakValueDictionary()

    def of(self, key: Hashable) -> Value:
        """Return what belongs to a key."""
        value = self._values.get(key)
        if value is None:
            value = self._values[key] = self._make()
        return value


class TaskSet:
    """Runs coroutines that nobody waits for."""

    def __init__(self, *, name: str) -> None:
        """Run tasks of this name, which is for debugging."""
        self._name = name
        self._tasks: set[asyncio.Task[None]] = set()
        """The event loop keeps no reference to its tasks."""

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task."""
        task = asyncio.create_task(work, name=self._name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def ended(self) -> None:
        """Wait for the end of the tasks that were started so far."""
        if self._tasks:
            await asyncio.wait(self._tasks)


class BackgroundTask:
    """A coroutine that runs from `start` to `close`."""

    def __init__(self, work: Callable[[], Coroutine[Any, Any, None]], *, name: str) -> None:
        """Prepare a task that runs `work`.

        Args:
            work: Makes the coroutine, which runs until it is cancelled.

            name: The name of the task, for debugging.
        """
        self._work = work
        self._name = name
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the task. Does nothing if it was started before."""
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name=self._name)

    async def close(self) -> None:
        """Cancel the task, if it was started, and wait for its end.

        Raises:
            Exception: What the task failed with, if it ended by an error.
        """
        if self._task is None:
            return
        self._task.cancel()
        # Awaiting the task itself could not distinguish its cancellation from that of the caller.
        await asyncio.wait([self._task])
        if not self._task.cancelled() and (error := self._task.exception()):
            raise error


class RestartBackoff:
    """Delays before the restarts of a process that should run for ever.

    The first restart comes at once; while the process keeps failing, the delay doubles up to a
    limit. A long run resets it.
    """

    FIRST_S = 0.1
    LIMIT_S = 5.0
    """An operator who repairs the cause, such as a full disk, should not wait much longer."""
    STEADY_AFTER_S = 10.0
    """A process that ran for this long is not failing repeatedly."""

    def __init__(self) -> None:
        self._delay_s = 0.0

    def next_delay(self, ran_s: float) -> float:
        """Return the seconds to wait before the next start.

        Args:
            ran_s: How long the process ran, in seconds; 0 if it did not start.
        """
        delay_s = 0.0 if ran_s > self.STEADY_AFTER_S else self._delay_s
        self._delay_s = min(max(2 * delay_s, self.FIRST_S), self.LIMIT_S)
        return delay_s

"""Runs the asynchronous harness for synchronous tests."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType
from typing import Any, Self, TypeVar

Value = TypeVar("Value")


class BackgroundLoop:
    """
    An event loop in a thread of its own; use it as a context manager.

    The thread stays as long as the loop, so processes that are tied to the thread that started them
    live that long too.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Run a coroutine to its end and return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    @contextmanager
    def using(self, resource: AbstractAsyncContextManager[Value]) -> Iterator[Value]:
        """Enter and leave an asynchronous context manager."""
        entered = self.run(_enter(resource))
        try:
            yield entered
        finally:
            self.run(_leave(resource))


async def _enter(resource: AbstractAsyncContextManager[Value]) -> Value:
    return await resource.__aenter__()


async def _leave(resource: AbstractAsyncContextManager[Any]) -> None:
    await resource.__aexit__(None, None, None)

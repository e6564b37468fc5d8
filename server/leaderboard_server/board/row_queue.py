"""Queues reads of many rows, so that few of them are in flight to the store at a time.

The store answers one call after the other, and so does the server with its replies: a read of 1,000
rows takes each of them 2 ms, in which ranks and commits of others wait. Thousands of such reads may
be requested at once, but no other call waits for more than the few that are in flight.

Each shard of the store has queues of its own, so that reads wait for those of their shard alone.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, TypeVar

from leaderboard_server.domain.errors import ReadQueueFull, StoreUnavailable
from leaderboard_server.tasks import Keyed

Result = TypeVar("Result")


class RowQueues:
    """The queues of all shards, each from its first read to its last one."""

    def __init__(
        self, shard_of: Callable[[str], Hashable], max_rows: int, max_size: int | None = None
    ) -> None:
        """Find the shard of a contest by `shard_of`; for the rest see `RowQueue`."""
        self._shard_of = shard_of
        self._queues = Keyed(partial(RowQueue, max_rows, max_size))

    def of(self, contest_id: str) -> "RowQueue":
        """Return the queue for reads of a contest."""
        return self._queues.of(self._shard_of(contest_id))


class RowQueue:
    """Runs reads in order, as long as those in flight read few rows together."""

    def __init__(self, max_rows: int, max_size: int | None = None) -> None:
        """Create an empty queue.

        Args:
            max_rows: The most rows that are in flight; a single read may have more.

            max_size: The rows in flight and waiting from which on reads are rejected; None for no
                limit.
        """
        self._max_rows = max_rows
        self._max_size = max_size
        self._in_flight: dict[asyncio.Task[Any], int] = {}
        """The rows of each read in flight."""
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._admitted = 0
        """The rows of all reads that may begin, or have begun."""
        self._size = 0
        """The rows of all reads that wait, may begin or have begun."""

    @property
    def full(self) -> bool:
        """Whether a read would be rejected."""
        return self._max_size is not None and self._size >= self._max_size

    async def run(self, rows: int, read: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Return the result of a read, once it is its turn.

        A caller that is cancelled leaves the queue. After its read has begun it still counts until
        the store has replied.

        Raises:
            ReadQueueFull: Too many rows are in flight or wait already.

            StoreUnavailable: This read, or one before it, found the store away.
        """
        if self.full:
            raise ReadQueueFull
        await self._enter(rows)
        task = asyncio.create_task(read(), name="read-rows")
        self._in_flight[task] = rows
        task.add_done_callback(self._on_done)
        return await asyncio.shield(task)

    async def _enter(self, rows: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, turn))
        self._size += rows
        self._admit()
        try:
            await turn
        except BaseException:
            self._size -= rows
            if turn.done() and not turn.cancelled() and not turn.exception():
                self._admitted -= rows  # it was its turn when its caller was cancelled
            self._admit()
            raise

    def _admit(self) -> None:
        while self._waiting:
            rows, turn = self._waiting[0]
            if not turn.cancelled():
                if self._admitted and self._admitted + rows > self._max_rows:
                    return
                self._admitted += rows
                turn.set_result(None)
            self._waiting.popleft()

    def _on_done(self, task: asyncio.Task[Any]) -> None:
        rows = self._in_flight.pop(task)
        self._admitted -= rows
        self._size -= rows
        error = None if task.cancelled() else task.exception()
        if isinstance(error, StoreUnavailable):
            # The reads that wait would fail in the same way, only later.
            for _, turn in self._waiting:
                if not turn.done():
                    turn.set_exception(StoreUnavailable(error.cause))
            self._waiting.clear()
        self._admit()

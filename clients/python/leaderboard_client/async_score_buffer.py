"""Buffers updates, and sends them as batches from a task of its own."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from leaderboard_client.batch import Batch
from leaderboard_client.calls import Outcome
from leaderboard_client.error_reporter import ErrorReporter, OnError
from leaderboard_client.errors import Cancelled, LeaderboardError
from leaderboard_client.pending_queue import CLOSE_TIMEOUT, BufferOptions, PendingQueue
from leaderboard_client.score_update import ScoreUpdate
from leaderboard_client.trace_context import leave_trace

_log = logging.getLogger("leaderboard_client")


class _Send(Protocol):
    async def __call__(
        self,
        updates: Sequence[ScoreUpdate],
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> list[Outcome]: ...


class AsyncScoreBuffer:
    """Accepts updates from the tasks of one event loop; none is dropped silently.

    Like `ScoreBuffer`, with `on_error` called in the event loop. The buffer has a task while
    updates are pending; if that task is cancelled from outside, all pending updates are given up
    and the buffer is closed. If the buffer's block ends by cancellation, it has 2 s to flush.
    """

    def __init__(
        self, send: _Send, options: BufferOptions | None = None, on_error: OnError | None = None
    ) -> None:
        """Create a buffer; see `ScoreBuffer`."""
        self._queue = PendingQueue(options or BufferOptions())
        self._reporter = ErrorReporter(on_error)
        self._send = send
        self._changed = asyncio.Event()
        self._flushes = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._queue.is_inherited:
            return
        if kind is not None and issubclass(kind, asyncio.CancelledError | KeyboardInterrupt):
            await self._close_in_time()
            return
        try:
            await self.close()
        except asyncio.CancelledError:
            await self._close_in_time()
            raise

    @property
    def acknowledged(self) -> int:
        """The number of updates that the service accepted."""
        return self._queue.acknowledged

    @property
    def refused(self) -> int:
        """The number of updates that were refused for good or given up."""
        return self._queue.refused

    async def add(self, update: ScoreUpdate) -> None:
        """Queue an update; wait while `max_pending` updates are pending.

        Raises:
            ValueError: The update can't be encoded.

            RuntimeError: The buffer was closed or broke, or this is another process.
        """
        update = update.with_request_id()
        update.message()
        self._queue.check_process()
        await self._until(lambda: self._queue.closed or not self._queue.is_full)
        self._queue.add(update)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
            # A callback, because a task that is cancelled before it begins runs no code of its own.
            self._task.add_done_callback(self._ended)
        self._wake()

    async def flush(self) -> None:
        """Wait until all updates that were added before are accepted, or refused for good.

        Raises:
            RuntimeError: This is another process.
        """
        self._queue.check_process()
        due = self._queue.added
        self._flushes += 1
        self._report()
        try:
            await self._until(lambda: self._queue.done >= due)
        finally:
            self._flushes -= 1

    async def close(self) -> None:
        """Accept no more updates, and wait until all are accepted or refused.

        May be called again. If no server responds, this takes `give_up_after` from the last `add`,
        plus one attempt. Cancelling it ends only the wait.

        Raises:
            RuntimeError: This is another process.
        """
        self._queue.check_process()
        self._queue.close("is closed")
        self._report()
        await self._until(lambda: self._queue.is_done)

    def give_up(self) -> None:
        """Accept no more updates, and refuse all that are pending; see `ScoreBuffer.give_up`."""
        if not self._queue.is_inherited:
            error = Cancelled("the buffer was closed before this update was accepted")
            self._give_up("is closed", error)

    async def _close_in_time(self) -> None:
        """Close, and give up the updates that are pending after 2 s."""
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self.close()
        finally:
            self.give_up()

    async def _until(self, condition: Callable[[], object]) -> None:
        """Wait until a condition holds; it is checked after each change."""
        while not condition():
            await self._changed.wait()

    def _wake(self) -> None:
        """Let all waiting tasks check their conditions."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _run(self) -> None:
        leave_trace()  # a batch has updates of many traces
        while batch := await self._next():
            await self._deliver(batch)
            self._queue.settle(batch)
            self._report()

    async def _next(self) -> Batch | None:
        """Wait for the next batch; None if nothing is left."""
        queue = self._queue
        with suppress(TimeoutError):
            async with asyncio.timeout(queue.linger):
                await self._until(
                    lambda: queue.closed or queue.is_empty or self._flushes or queue.has_full_batch
                )
        return queue.take()

    async def _deliver(self, batch: Batch) -> None:
        """Send a batch until nothing of it is left."""
        updates, seconds = batch.portion()
        while updates:
            try:
                pause = batch.answered(await self._send(updates, timeout=seconds))
            except Exception as error:  # noqa: BLE001 (the token's function may raise anything)
                pause = batch.failed(error)
            await asyncio.sleep(pause)
            updates, seconds = batch.portion()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Give up all that is pending if the task was cancelled or failed."""
        if task.cancelled():
            self._give_up("broke", Cancelled("the task that sends was cancelled"))
        elif error := task.exception():
            _log.error("the buffer broke", exc_info=error)
            self._give_up("broke", LeaderboardError(f"the buffer broke: {error!r}"))

    def _give_up(self, why: str, error: LeaderboardError) -> None:
        self._queue.give_up(why, error)
        if self._task is not None:
            self._task.cancel()
        self._report()

    def _report(self) -> None:
        """Report refused updates, also those that remain after a report ended by Ctrl-C."""
        if self._reporter.is_caller:
            # The loop below that called `on_error` reports the rest.
            return
        try:
            while refused := self._queue.next_unreported():
                self._reporter.report(*refused)
                self._queue.reported()
        finally:
            self._wake()

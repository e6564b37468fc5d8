"""Gathers updates and sends them as batches from a task of its own."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Protocol, Self

from leaderboard_client.batch import Batch
from leaderboard_client.calls import Outcome
from leaderboard_client.error_reporter import OnError, Teller
from leaderboard_client.errors import Cancelled, LeaderboardError
from leaderboard_client.pending_queue import LAST_CHANCE, PendingQueue
from leaderboard_client.score_update import ScoreUpdate

_log = logging.getLogger("leaderboard_client")


class _Send(Protocol):
    async def __call__(
        self,
        updates: Sequence[ScoreUpdate],
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> list[Outcome]: ...


class AsyncScoreBuffer:
    """Takes updates from the tasks of one event loop; none is ever dropped in silence.

    It is as `ScoreBuffer`, with `on_error` called in the event loop. Its task is there while
    something is pending; when somebody else cancels it, all that is pending is given up and the
    buffer closed. A block that is left by cancellation gives up what is still pending after 2 s.
    """

    def __init__(
        self,
        send: _Send,
        *,
        max_pending: int = 10_000,
        batch_size: int = 500,
        linger: float = 0.05,
        give_up_after: float = 60.0,
        on_error: OnError | None = None,
    ) -> None:
        """Prepare to buffer; the arguments are those of `ScoreBuffer`.

        Raises:
            ValueError: A number is out of its bounds, or `on_error` would have to be awaited.
        """
        self._queue = PendingQueue(
            max_pending=max_pending,
            batch_size=batch_size,
            linger=linger,
            give_up_after=give_up_after,
        )
        self._teller = Teller(on_error)
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
            await self._close_in_haste()
            return
        try:
            await self.close()
        except asyncio.CancelledError:
            await self._close_in_haste()
            raise

    @property
    def acknowledged(self) -> int:
        """How many updates the service took."""
        return self._queue.acknowledged

    @property
    def refused(self) -> int:
        """How many updates were refused for good, or given up."""
        return self._queue.refused

    async def add(self, update: ScoreUpdate) -> None:
        """Queue an update; wait while as many are pending as may be.

        Raises:
            ValueError: The update can't be sent at all.

            RuntimeError: The buffer was closed or broke, or this is another process.
        """
        named = update.with_request_id()
        named.message()
        self._queue.check_process()
        await self._until(lambda: bool(self._queue.closed) or not self._queue.is_full)
        self._queue.add(named)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
            # Also a task that is cancelled before it begins must leave nothing behind.
            self._task.add_done_callback(self._ended)
        self._wake()

    async def flush(self) -> None:
        """Wait until everything that was added before is taken, or refused for good.

        Raises:
            RuntimeError: This is another process.
        """
        self._queue.check_process()
        due = self._queue.added
        self._flushes += 1
        self._tell()
        try:
            await self._until(lambda: self._queue.done >= due)
        finally:
            self._flushes -= 1

    async def close(self) -> None:
        """Take no more updates, and wait until all are taken or refused; may be called again.

        While no server answers that takes `give_up_after` from the last adding on, and an attempt.
        Cancelling it ends the waiting alone.

        Raises:
            RuntimeError: This is another process.
        """
        self._queue.check_process()
        self._queue.close("is closed")
        self._tell()
        await self._until(lambda: self._queue.is_done)

    def give_up(self) -> None:
        """Take no more updates, and refuse all that is pending; see `ScoreBuffer.give_up`."""
        if not self._queue.is_inherited:
            error = Cancelled("the buffer was closed before this was taken")
            self._give_up("is closed", error)

    async def _close_in_haste(self) -> None:
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_CHANCE):
                    await self.close()
        finally:
            self.give_up()

    async def _until(self, holds: Callable[[], bool]) -> None:
        """Wait until a condition holds, looked at whenever something has changed."""
        while not holds():
            await self._changed.wait()

    def _wake(self) -> None:
        """Let all that wait look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _run(self) -> None:
        while batch := await self._next():
            await self._deliver(batch)
            self._queue.settle(batch)
            self._tell()

    async def _next(self) -> Batch | None:
        """Wait until the next batch is ripe; there is none when nothing is left."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._queue.linger):
                await self._until(
                    lambda: bool(
                        self._queue.closed
                        or self._queue.is_empty
                        or self._flushes
                        or self._queue.is_ripe
                    )
                )
        return self._queue.take()

    async def _deliver(self, batch: Batch) -> None:
        """Send a batch, until nothing is left of it."""
        updates, seconds = batch.portion()
        while updates:
            try:
                pause = batch.answered(await self._send(updates, timeout=seconds))
            except Exception as error:  # noqa: BLE001 (also of the token's function)
                pause = batch.failed(error)
            await asyncio.sleep(pause)
            updates, seconds = batch.portion()

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Give up what the task that sends has left, should it have ended before its time."""
        if task.cancelled():
            self._give_up("broke", Cancelled("the task that sends was cancelled"))
        elif error := task.exception():
            _log.error("the buffer broke", exc_info=error)
            self._give_up("broke", LeaderboardError(f"the buffer broke: {error!r}"))

    def _give_up(self, why: str, error: LeaderboardError) -> None:
        self._queue.give_up(why, error)
        if self._task is not None:
            self._task.cancel()
        self._tell()

    def _tell(self) -> None:
        """Tell of what was refused, also of what is left where Ctrl-C has ended the telling."""
        if self._teller.is_caller:
            # Who has called `on_error` goes on with the others.
            return
        try:
            while refused := self._queue.untold():
                self._teller.tell(*refused)
                self._queue.told()
        finally:
            self._wake()

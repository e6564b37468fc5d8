"""Gathers updates and sends them as batches from a task of its own."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol, Self

from leaderboard_client.backlog import Backlog, Batch, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from leaderboard_client.backlog import OnError
    from leaderboard_client.calls import Outcome
    from leaderboard_client.score_update import ScoreUpdate


class _Send(Protocol):
    async def __call__(
        self,
        updates: Sequence[ScoreUpdate],
        *,
        timeout: float,  # noqa: ASYNC109
    ) -> list[Outcome]: ...


class AsyncScoreBuffer:
    """Takes updates from the tasks of one event loop; none is ever dropped in silence.

    It is as `ScoreBuffer`, with `on_error` called in the event loop.
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
            ValueError: `max_pending` or `batch_size` is out of its bounds.
        """
        self._backlog = Backlog(max_pending=max_pending, batch_size=batch_size)
        self._send = send
        self._linger = linger
        self._give_up_after = give_up_after
        self._on_error = on_error
        self._changed = asyncio.Condition()
        self._flushes = 0
        self._is_closing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def acknowledged(self) -> int:
        """How many updates the service took."""
        return self._backlog.acknowledged

    @property
    def refused(self) -> int:
        """How many updates were refused for good, or given up."""
        return self._backlog.refused

    async def add(self, update: ScoreUpdate) -> None:
        """Queue an update; wait while as many are pending as may be.

        Raises:
            ValueError: The update can't be sent at all.

            RuntimeError: The buffer was closed.
        """
        named = update.named()
        named.message()
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_closing or not self._backlog.is_full)
            if self._is_closing:
                raise RuntimeError("the buffer is closed")
            self._backlog.add(named)
            self._task = self._task or asyncio.create_task(self._run())
            self._changed.notify_all()

    async def flush(self) -> None:
        """Wait until everything that was added before is taken, or refused for good."""
        async with self._changed:
            due = self._backlog.added
            self._flushes += 1
            self._changed.notify_all()
            try:
                await self._changed.wait_for(lambda: self._backlog.done >= due)
            finally:
                self._flushes -= 1

    async def close(self) -> None:
        """Take no more updates, and wait until all are taken or refused; may be called again."""
        async with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._task is not None:
            await asyncio.shield(self._task)

    async def _run(self) -> None:
        while updates := await self._next():
            batch = Batch(updates, self._give_up_after)
            while not batch.is_done:
                try:
                    outcomes = await self._send(batch.portion(), timeout=batch.seconds_left)
                except Exception as error:  # noqa: BLE001 (also of the token's function)
                    batch.failed(error)
                else:
                    await asyncio.sleep(batch.answered(outcomes))
            tell(batch, self._on_error)
            async with self._changed:
                self._backlog.settle(batch)
                self._changed.notify_all()

    async def _next(self) -> list[ScoreUpdate]:
        """Wait for the next batch; it is empty when there will be none."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._is_closing or not self._backlog.is_empty)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._linger):
                    await self._changed.wait_for(
                        lambda: self._is_closing or self._flushes or self._backlog.is_ripe
                    )
            return self._backlog.take()

"""Gathers updates and sends them as batches from a thread of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Protocol, Self

from leaderboard_client.backlog import Backlog, Batch, tell

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from leaderboard_client.backlog import OnError
    from leaderboard_client.calls import Outcome
    from leaderboard_client.score_update import ScoreUpdate


class _Send(Protocol):
    def __call__(self, updates: Sequence[ScoreUpdate], *, timeout: float) -> list[Outcome]: ...


class ScoreBuffer:
    """Takes updates from any number of threads; none is ever dropped in silence.

    One batch is on its way at any time, in the order of adding. What the service can't take for now
    is sent again with the same request ids, before anything after it, so it counts once. As a
    context manager the buffer is closed with its block. A program that ends without closing it
    loses what is pending.
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
        """Prepare to buffer.

        Args:
            send: Sends a batch, with all the attempts that fit into a time.

            max_pending: How many updates may be pending; with so many, adding waits.

            batch_size: How many updates go together, to 1,000.

            linger: The seconds that a batch waits for more updates.

            give_up_after: The seconds for which what fails is tried again.

            on_error: Called with each update that was refused for good, and why, from the thread
                that sends; it must not add to this buffer. Default: that is logged.

        Raises:
            ValueError: `max_pending` or `batch_size` is out of its bounds.
        """
        self._backlog = Backlog(max_pending=max_pending, batch_size=batch_size)
        self._send = send
        self._linger = linger
        self._give_up_after = give_up_after
        self._on_error = on_error
        self._changed = threading.Condition()
        self._flushes = 0
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="leaderboard-buffer", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def acknowledged(self) -> int:
        """How many updates the service took."""
        return self._backlog.acknowledged

    @property
    def refused(self) -> int:
        """How many updates were refused for good, or given up."""
        return self._backlog.refused

    def add(self, update: ScoreUpdate) -> None:
        """Queue an update; wait while as many are pending as may be.

        Raises:
            ValueError: The update can't be sent at all.

            RuntimeError: The buffer was closed.
        """
        named = update.named()
        named.message()
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing or not self._backlog.is_full)
            if self._is_closing:
                raise RuntimeError("the buffer is closed")
            self._backlog.add(named)
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until everything that was added before is taken, or refused for good."""
        with self._changed:
            due = self._backlog.added
            self._flushes += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._backlog.done >= due)
            self._flushes -= 1

    def close(self) -> None:
        """Take no more updates, and wait until all are taken or refused; may be called again."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        while updates := self._next():
            batch = Batch(updates, self._give_up_after)
            while not batch.is_done:
                try:
                    outcomes = self._send(batch.portion(), timeout=batch.seconds_left)
                except Exception as error:  # noqa: BLE001 (also of the token's function)
                    batch.failed(error)
                else:
                    time.sleep(batch.answered(outcomes))
            tell(batch, self._on_error)
            with self._changed:
                self._backlog.settle(batch)
                self._changed.notify_all()

    def _next(self) -> list[ScoreUpdate]:
        """Wait for the next batch; it is empty when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing or not self._backlog.is_empty)
            self._changed.wait_for(
                lambda: self._is_closing or self._flushes or self._backlog.is_ripe,
                timeout=self._linger,
            )
            return self._backlog.take()

"""Buffers updates, and sends them as batches from a thread of its own."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Protocol, Self

from leaderboard_client.batch import Batch, RefusedUpdate
from leaderboard_client.calls import Outcome
from leaderboard_client.error_reporter import ErrorReporter, OnError, is_reporting
from leaderboard_client.errors import Cancelled, LeaderboardError
from leaderboard_client.pending_queue import CLOSE_TIMEOUT, BufferOptions, PendingQueue
from leaderboard_client.score_update import ScoreUpdate

_log = logging.getLogger("leaderboard_client")


class _Send(Protocol):
    def __call__(self, updates: Sequence[ScoreUpdate], *, timeout: float) -> list[Outcome]: ...


class ScoreBuffer:
    """Accepts updates from any number of threads; none is dropped silently.

    One batch is in flight at any time, in the order of adding. Updates that the service can't
    accept for now are sent again with the same request ids, before all later ones, and count once.

    As a context manager the buffer is closed with its block; if that ends by Ctrl-C, the buffer has
    2 s to flush. The buffer and its threads live until it or its client is closed; if the program
    ends earlier, pending updates are lost. A buffer belongs to the process that made it: in forked
    processes it can't be used, and leaving its block does nothing.
    """

    def __init__(
        self, send: _Send, options: BufferOptions | None = None, on_error: OnError | None = None
    ) -> None:
        """Start a buffer; see `LeaderboardClient.score_buffer`, which makes them.

        Args:
            send: Sends a batch, with all the attempts that fit into a time.

            options: The limits and times. Default: those of `BufferOptions`.

            on_error: Called with each refused update. Default: the update is logged.

        Raises:
            ValueError: `on_error` would have to be awaited.
        """
        self._queue = PendingQueue(options or BufferOptions())
        self._reporter = ErrorReporter(on_error)
        self._send = send
        self._changed = threading.Condition()
        self._flushes = 0
        # Reports have a thread of their own: Ctrl-C and signal handlers, which run in the main
        # thread, don't interrupt them, and a slow attempt does not delay them.
        for target in (self._report, self._run):
            threading.Thread(target=target, name="leaderboard-buffer", daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._queue.is_inherited:
            return
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        self._close(CLOSE_TIMEOUT if interrupted else None)

    @property
    def acknowledged(self) -> int:
        """The number of updates that the service accepted."""
        return self._queue.acknowledged

    @property
    def refused(self) -> int:
        """The number of updates that were refused for good or given up."""
        return self._queue.refused

    def add(self, update: ScoreUpdate) -> None:
        """Queue an update; wait while `max_pending` updates are pending.

        Raises:
            ValueError: The update can't be encoded.

            RuntimeError: The buffer was closed or broke, or this is another process or `on_error`.
        """
        update = update.with_request_id()
        update.message()
        self._check_caller()
        with self._changed:
            self._changed.wait_for(lambda: self._queue.closed or not self._queue.is_full)
            self._queue.add(update)
            self._wake()

    def flush(self) -> None:
        """Wait until all updates that were added before are accepted, or refused for good.

        Raises:
            RuntimeError: This is another process, or `on_error`.
        """
        self._check_caller()
        with self._changed:
            due = self._queue.added
            self._flushes += 1
            self._wake()
            try:
                self._changed.wait_for(lambda: self._queue.done >= due)
            finally:
                self._flushes -= 1

    def close(self) -> None:
        """Accept no more updates, and wait until all are accepted or refused.

        May be called again. If no server responds, this takes `give_up_after` from the last `add`,
        plus one attempt. If an exception ends the wait, such as KeyboardInterrupt, the remaining
        updates are given up.

        Raises:
            RuntimeError: This is another process, or `on_error`.
        """
        self._close(None)

    def give_up(self) -> None:
        """Accept no more updates, and refuse all that are pending, each with Cancelled.

        A batch in flight may still be applied. All updates are reported when this returns,
        unless an `on_error` calls it. In a forked process nothing is pending.
        """
        if self._queue.is_inherited:
            return
        error = Cancelled("the buffer was closed before this update was accepted")
        with self._changed:
            self._queue.give_up("is closed", error)
            self._wake()
            if not is_reporting():
                self._changed.wait_for(lambda: self._queue.is_done)

    def _close(self, timeout: float | None) -> None:
        """Close, and give up the updates that are pending after some seconds."""
        self._check_caller()
        try:
            with self._changed:
                self._queue.close("is closed")
                self._wake()
                # No join: a signal handler may close while its thread holds the lock in `add`.
                self._changed.wait_for(lambda: self._queue.is_done, timeout)
        finally:
            self.give_up()

    def _wake(self) -> None:
        """Let all waiting threads check their conditions; called with the lock held."""
        while True:
            # A signal handler that closes the buffer inside `notify_all` wakes the same threads.
            # That call then finds no more of them where it saw some.
            with suppress(IndexError):
                self._changed.notify_all()
                return

    def _check_caller(self) -> None:
        self._queue.check_process()
        if self._reporter.is_caller:
            raise RuntimeError("on_error must not use the buffer that calls it")

    def _run(self) -> None:
        why = "the thread that sends has ended"
        try:
            while batch := self._next():
                self._deliver(batch)
                with self._changed:
                    self._queue.settle(batch)
                    self._wake()
        except BaseException as error:  # noqa: BLE001 (no error may lose updates)
            _log.exception("the buffer broke")
            why = f"the buffer broke: {error!r}"
        finally:
            with self._changed:
                self._queue.sender_ended = True
                self._queue.give_up("broke", LeaderboardError(why))
                self._wake()

    def _next(self) -> Batch | None:
        """Wait for the next batch; None once the buffer is closed and nothing is left."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue.closed or not self._queue.is_empty)
            self._changed.wait_for(
                lambda: self._queue.closed or self._flushes or self._queue.has_full_batch,
                timeout=self._queue.linger,
            )
            return self._queue.take()

    def _deliver(self, batch: Batch) -> None:
        """Send a batch until nothing of it is left."""
        updates, seconds = batch.portion()
        while updates and not self._queue.is_given_up:
            try:
                outcomes = self._send(updates, timeout=seconds)
                with self._changed:
                    pause = batch.answered(outcomes)
            except Exception as error:  # noqa: BLE001 (the token's function may raise anything)
                with self._changed:
                    pause = batch.failed(error)
            with self._changed:
                self._changed.wait_for(lambda: self._queue.is_given_up, pause)
            updates, seconds = batch.portion()

    def _report(self) -> None:
        """Report refused updates until there can be no more."""
        while refused := self._next_refused():
            self._reporter.report(*refused)
            with self._changed:
                self._queue.reported()
                self._wake()

    def _next_refused(self) -> RefusedUpdate | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue.sender_ended or self._queue.has_unreported)
            return self._queue.next_unreported()

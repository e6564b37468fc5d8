"""Gathers updates, and sends them as batches and tells of the refused from threads of its own."""

import logging
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from leaderboard_client.batch import Batch, Refused
from leaderboard_client.calls import Outcome
from leaderboard_client.error_reporter import OnError, Teller, is_telling
from leaderboard_client.errors import Cancelled, LeaderboardError
from leaderboard_client.pending_queue import LAST_CHANCE, PendingQueue
from leaderboard_client.score_update import ScoreUpdate

_log = logging.getLogger("leaderboard_client")


class _Send(Protocol):
    def __call__(self, updates: Sequence[ScoreUpdate], *, timeout: float) -> list[Outcome]: ...


class ScoreBuffer:
    """Takes updates from any number of threads; none is ever dropped in silence.

    One batch is on its way at any time, in the order of adding. What the service can't take for now
    is sent again with the same request ids, before anything after it, so it counts once.

    As a context manager the buffer is closed with its block; one that is left by Ctrl-C gives up
    what is still pending after 2 s. A buffer lives, with its threads, until it or its client is
    closed: a program that ends before loses what is pending. It is of use in the process alone that
    made it; in those that are forked from that one, leaving its block does nothing.
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

            give_up_after: The seconds from its adding on for which an update that fails is tried
                again. With a batch that failed and is given up go those behind it that have waited
                as long, without an attempt of their own.

            on_error: Called with each update that was refused for good, or given up, and why: from
                a thread of the buffer, for one at a time. It must not use this buffer, except to
                give it up; what it raises is logged. Default: the update is logged.

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
        self._changed = threading.Condition()
        self._flushes = 0
        # Telling has a thread that does nothing else: there Ctrl-C and signal handlers interrupt
        # nothing, and no attempt that takes its time holds it up.
        for target in (self._tell, self._run):
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
        in_haste = kind is not None and issubclass(kind, KeyboardInterrupt)
        self._close(LAST_CHANCE if in_haste else None)

    @property
    def acknowledged(self) -> int:
        """How many updates the service took."""
        return self._queue.acknowledged

    @property
    def refused(self) -> int:
        """How many updates were refused for good, or given up."""
        return self._queue.refused

    def add(self, update: ScoreUpdate) -> None:
        """Queue an update; wait while as many are pending as may be.

        Raises:
            ValueError: The update can't be sent at all.

            RuntimeError: The buffer was closed or broke, or this is another process or `on_error`.
        """
        named = update.with_request_id()
        named.message()
        self._check_caller()
        with self._changed:
            self._changed.wait_for(lambda: self._queue.closed or not self._queue.is_full)
            self._queue.add(named)
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until everything that was added before is taken, or refused for good.

        Raises:
            RuntimeError: This is another process, or `on_error`.
        """
        self._check_caller()
        with self._changed:
            due = self._queue.added
            self._flushes += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: self._queue.done >= due)
            finally:
                self._flushes -= 1

    def close(self) -> None:
        """Take no more updates, and wait until all are taken or refused; may be called again.

        While no server answers that takes `give_up_after` from the last adding on, and an attempt.
        When a signal ends the waiting with an exception, such as KeyboardInterrupt, what is left is
        given up.

        Raises:
            RuntimeError: This is another process, or `on_error`.
        """
        self._close(None)

    def give_up(self) -> None:
        """Take no more updates, and refuse all that is pending, each with Cancelled.

        What is on its way at that time may count all the same. In a process that was forked nothing
        is pending. All is told when this returns, unless an `on_error` calls it.
        """
        if self._queue.is_inherited:
            return
        error = Cancelled("the buffer was closed before this was taken")
        with self._changed:
            self._queue.give_up("is closed", error)
            self._changed.notify_all()
            if not is_telling():
                self._changed.wait_for(lambda: self._queue.is_done)

    def _close(self, patience: float | None) -> None:
        """Close, and give up after some seconds what is pending then."""
        self._check_caller()
        try:
            with self._changed:
                self._queue.close("is closed")
                self._changed.notify_all()
                # No join: a signal handler may close while its thread holds the lock in `add`.
                self._changed.wait_for(lambda: self._queue.is_done, patience)
        finally:
            self.give_up()

    def _check_caller(self) -> None:
        self._queue.check_process()
        if self._teller.is_caller:
            raise RuntimeError("on_error must not use the buffer that calls it")

    def _run(self) -> None:
        why = "the thread that sends has ended"
        try:
            while batch := self._next():
                self._deliver(batch)
                with self._changed:
                    self._queue.settle(batch)
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001 (whatever it is, nothing may be lost)
            _log.exception("the buffer broke")
            why = f"the buffer broke: {error!r}"
        finally:
            with self._changed:
                self._queue.is_left = True
                self._queue.give_up("broke", LeaderboardError(why))
                self._changed.notify_all()

    def _next(self) -> Batch | None:
        """Wait for the next batch; there is none when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue.closed or not self._queue.is_empty)
            self._changed.wait_for(
                lambda: self._queue.closed or self._flushes or self._queue.is_ripe,
                timeout=self._queue.linger,
            )
            return self._queue.take()

    def _deliver(self, batch: Batch) -> None:
        """Send a batch, until nothing is left of it."""
        updates, seconds = batch.portion()
        while updates and not self._queue.is_given_up:
            try:
                outcomes = self._send(updates, timeout=seconds)
                with self._changed:
                    pause = batch.answered(outcomes)
            except Exception as error:  # noqa: BLE001 (also of the token's function)
                with self._changed:
                    pause = batch.failed(error)
            with self._changed:
                self._changed.wait_for(lambda: self._queue.is_given_up, pause)
            updates, seconds = batch.portion()

    def _tell(self) -> None:
        """Tell of what was refused, until nothing comes any more."""
        while refused := self._next_refused():
            self._teller.tell(*refused)
            with self._changed:
                self._queue.told()
                self._changed.notify_all()

    def _next_refused(self) -> Refused | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue.is_left or self._queue.has_untold)
            return self._queue.untold()

"""Pending updates of a score buffer: their order, their batches and their results.

This module has neither threads nor an event loop: the buffers wait, send and report.
"""

import math
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from leaderboard_client.batch import MAX_BATCH, Batch, PendingUpdate, RefusedUpdate
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.score_update import ScoreUpdate

CLOSE_TIMEOUT = 2.0
"""The seconds that a buffer has to flush when its block ends by Ctrl-C or cancellation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferOptions:
    """Limits and times of a score buffer; see `LeaderboardClient.score_buffer`.

    Raises:
        ValueError: A number is out of its range.
    """

    max_pending: int = 10_000
    batch_size: int = 500
    linger: float = 0.05
    give_up_after: float = 60.0

    def __post_init__(self) -> None:
        if self.max_pending < 1:
            raise ValueError(f"max_pending {self.max_pending} is less than 1")
        if not 1 <= self.batch_size <= MAX_BATCH:
            raise ValueError(f"batch_size {self.batch_size} is not from 1 to {MAX_BATCH}")
        if not 0 <= self.linger < math.inf:
            raise ValueError(f"linger {self.linger} is not 0 or more, and finite")
        if not self.give_up_after >= 0:
            raise ValueError(f"give_up_after {self.give_up_after} is not 0 or more")


class PendingQueue:
    """The updates of one buffer.

    Each update is settled once: with its batch, or with all others when the buffer gives up.
    """

    def __init__(self, options: BufferOptions, clock: Callable[[], float] = time.monotonic) -> None:
        """Create an empty queue."""
        self.linger = options.linger
        """The seconds that a batch waits for more updates."""
        self.added = 0
        """The number of updates that were added."""
        self.acknowledged = 0
        """The number of updates that the service accepted."""
        self.refused = 0
        """The number of updates that were refused for good or given up."""
        self.closed = ""
        """Why updates can't be added any more; empty while they can."""
        self.sender_ended = False
        """Whether no batches are taken any more."""
        self._options = options
        self._clock = clock
        self._queue: deque[PendingUpdate] = deque()
        self._in_flight: Batch | None = None
        self._unreported: deque[RefusedUpdate] = deque()
        self._reported = 0
        self._given_up: LeaderboardError | None = None
        self._process = os.getpid()

    @property
    def done(self) -> int:
        """The number of updates that were accepted, or refused and reported."""
        return self.acknowledged + self._reported

    @property
    def is_done(self) -> bool:
        """Whether nothing is pending."""
        return self.done >= self.added

    @property
    def is_full(self) -> bool:
        """Whether an update has to wait before it is added."""
        return self.added - self.done >= self._options.max_pending

    @property
    def is_empty(self) -> bool:
        """Whether no update waits for a batch; a batch may be in flight."""
        return not self._queue

    @property
    def has_full_batch(self) -> bool:
        """Whether waiting for more updates would gain nothing."""
        return len(self._queue) >= self._options.batch_size or self.is_full

    @property
    def is_given_up(self) -> bool:
        """Whether nothing is to be sent any more."""
        return self._given_up is not None

    @property
    def has_unreported(self) -> bool:
        """Whether there are refused updates that were not reported yet."""
        left = self._queue or self._in_flight
        return bool(self._unreported or (self._given_up and left))

    @property
    def is_inherited(self) -> bool:
        """Whether this process was forked from the buffer's, so that nothing is sent here."""
        return os.getpid() != self._process

    def check_process(self) -> None:
        """Raise RuntimeError if the buffer is inherited."""
        if self.is_inherited:
            raise RuntimeError("the buffer belongs to another process; make one after the fork")

    def add(self, update: ScoreUpdate) -> None:
        """Queue an update that has a `request_id`.

        Raises:
            RuntimeError: The buffer is closed.
        """
        self._check_open()
        deadline = self._clock() + self._options.give_up_after
        self._queue.append(PendingUpdate(update, deadline))
        self.added += 1
        if self.sender_ended and self._queue:
            # A signal handler closed the buffer after the check above.
            self._queue.clear()
            self.added -= 1
            self._check_open()

    def take(self) -> Batch | None:
        """Return the next batch; None if nothing is to be sent."""
        if self.is_empty or self.is_given_up:
            return None
        size = min(self._options.batch_size, len(self._queue))
        self._in_flight = Batch([self._queue.popleft() for _ in range(size)], self._clock)
        return self._in_flight

    def settle(self, batch: Batch) -> None:
        """Count the results of a batch, and queue its refused updates to be reported.

        If its last attempt failed as a whole, queued updates whose deadline has passed by the next
        attempt are refused with it. Nothing happens if the batch was settled by giving up.
        """
        if batch is not self._in_flight:
            return
        if self._given_up:
            batch.give_up(self._given_up)
        self._in_flight = None
        self.acknowledged += batch.acknowledged
        refused = list(batch.refused)
        while batch.failure and self._queue and self._queue[0].deadline <= batch.failed_until:
            refused.append((self._queue.popleft().update, batch.failure))
        self._refuse(refused)

    def close(self, why: str) -> None:
        """Accept no more updates."""
        self.closed = self.closed or why

    def give_up(self, why: str, error: LeaderboardError) -> None:
        """Close the queue, and refuse all that is pending.

        Ctrl-C can't leave this half done: it only sets a mark, and `next_unreported` makes the
        refusals.
        """
        self.close(why)
        self._given_up = self._given_up or error

    def next_unreported(self) -> RefusedUpdate | None:
        """Return the refused update to report next; the same one until `reported` is called."""
        if self._given_up:
            if self._in_flight is not None:
                self.settle(self._in_flight)
            left = [(pending.update, self._given_up) for pending in self._queue]
            self._queue.clear()
            self._refuse(left)
        return self._unreported[0] if self._unreported else None

    def reported(self) -> None:
        """Remove the update that `next_unreported` returned."""
        self._unreported.popleft()
        self._reported += 1

    def _refuse(self, refused: list[RefusedUpdate]) -> None:
        self.refused += len(refused)
        self._unreported.extend(refused)

    def _check_open(self) -> None:
        if self.closed:
            raise RuntimeError(f"the buffer {self.closed}")

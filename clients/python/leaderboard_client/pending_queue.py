"""The updates that wait in a buffer, what became of them, and for how long each may wait."""

import math
import os
import time
from collections import deque
from collections.abc import Callable

from leaderboard_client.batch import MAX_BATCH, Batch, Refused, Waiting
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.score_update import ScoreUpdate

LAST_CHANCE = 2.0
"""The seconds that are left to what is pending when a block is left in haste, such as by Ctrl-C."""


class PendingQueue:
    """The updates of one buffer, counted from the first to the last; does not wait itself.

    Each is settled once: by the batch that it goes in, or with all others that are given up.
    """

    def __init__(
        self,
        *,
        max_pending: int,
        batch_size: int,
        linger: float,
        give_up_after: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin without any.

        Raises:
            ValueError: There is no room for an update, a batch is none that the service takes, or
                a time is none.
        """
        if max_pending < 1:
            raise ValueError(f"max_pending {max_pending} is less than 1")
        if not 1 <= batch_size <= MAX_BATCH:
            raise ValueError(f"batch_size {batch_size} is not of 1 to {MAX_BATCH}")
        if not 0 <= linger < math.inf:
            raise ValueError(f"linger {linger} is not of 0 or more")
        if not give_up_after >= 0:
            raise ValueError(f"give_up_after {give_up_after} is not of 0 or more")
        self.linger = linger
        """The seconds that a batch waits for more updates."""
        self.added = 0
        """How many updates were added."""
        self.acknowledged = 0
        """How many the service took, now or in an attempt before."""
        self.refused = 0
        """How many were refused for good, or given up."""
        self.closed = ""
        """Why there are no updates any more; empty while there may be."""
        self.is_left = False
        """Tells that nobody takes batches any more."""
        self._told = 0
        self._untold: deque[Refused] = deque()
        self._given_up: LeaderboardError | None = None
        self._room = max_pending
        self._batch_size = batch_size
        self._give_up_after = give_up_after
        self._clock = clock
        self._queue: deque[Waiting] = deque()
        self._on_its_way: Batch | None = None
        self._process = os.getpid()

    @property
    def done(self) -> int:
        """How many updates are out of the buffer, and told of where that is due."""
        return self.acknowledged + self._told

    @property
    def is_done(self) -> bool:
        """Tell that nothing is pending."""
        return self.done >= self.added

    @property
    def is_full(self) -> bool:
        """Tell that an update has to wait before it is added."""
        return self.added - self.done >= self._room

    @property
    def is_empty(self) -> bool:
        """Tell that nothing waits to be taken; a batch may be on its way."""
        return not self._queue

    @property
    def is_ripe(self) -> bool:
        """Tell that waiting for more updates would gain nothing."""
        return len(self._queue) >= self._batch_size or self.is_full

    @property
    def is_given_up(self) -> bool:
        """Tell that nothing is to be sent any more."""
        return self._given_up is not None

    @property
    def has_untold(self) -> bool:
        """Tell that there are refused updates that nobody was told of yet."""
        left = self._queue or self._on_its_way
        return bool(self._untold or (self._given_up and left))

    @property
    def is_inherited(self) -> bool:
        """Tell that this process was forked from that of the buffer: nobody sends here."""
        return os.getpid() != self._process

    def check_process(self) -> None:
        """Raise RuntimeError where the buffer is inherited."""
        if self.is_inherited:
            raise RuntimeError("the buffer is that of another process; make one after the fork")

    def add(self, update: ScoreUpdate) -> None:
        """Let an update wait; it has its `request_id`.

        Raises:
            RuntimeError: There are no updates any more.
        """
        self._check_open()
        self._queue.append(Waiting(update, self._clock() + self._give_up_after))
        self.added += 1
        if self.is_left and self._queue:
            # A signal handler has closed the buffer since it was seen to be open.
            self._queue.clear()
            self.added -= 1
            self._check_open()

    def take(self) -> Batch | None:
        """Return the next batch; None if nothing waits to be sent."""
        if self.is_empty or self.is_given_up:
            return None
        size = min(self._batch_size, len(self._queue))
        self._on_its_way = Batch([self._queue.popleft() for _ in range(size)], self._clock)
        return self._on_its_way

    def settle(self, batch: Batch) -> None:
        """Count what became of a batch; what was refused is to be told.

        With it go those whose time was up when it was given up: a failed attempt speaks for them,
        too. A batch that was given up meanwhile was settled then.
        """
        if batch is not self._on_its_way:
            return
        if self._given_up:
            batch.give_up(self._given_up)
        self._on_its_way = None
        self.acknowledged += batch.acknowledged
        refused = list(batch.refused)
        while batch.failure and self._queue and self._queue[0].ends <= batch.failed_until:
            refused.append((self._queue.popleft().update, batch.failure))
        self._refuse(refused)

    def close(self, why: str) -> None:
        """Take no more updates."""
        self.closed = self.closed or why

    def give_up(self, why: str, error: LeaderboardError) -> None:
        """Close, and refuse all that is pending.

        It takes effect at once or, where Ctrl-C comes in between, not at all; who tells of what
        was refused does the rest.
        """
        self.close(why)
        self._given_up = self._given_up or error

    def untold(self) -> Refused | None:
        """Return the update that is to be told of next, until `told` is called; None if none is."""
        if self._given_up:
            if self._on_its_way is not None:
                self.settle(self._on_its_way)
            left = [(waiting.update, self._given_up) for waiting in self._queue]
            self._queue.clear()
            self._refuse(left)
        return self._untold[0] if self._untold else None

    def told(self) -> None:
        """Take note that the update that was to be told of next was told of."""
        self._untold.popleft()
        self._told += 1

    def _refuse(self, refused: list[Refused]) -> None:
        self.refused += len(refused)
        self._untold.extend(refused)

    def _check_open(self) -> None:
        if self.closed:
            raise RuntimeError(f"the buffer {self.closed}")

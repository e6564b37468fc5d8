"""The updates that wait in a buffer, what became of them, and the batches that they go in."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from leaderboard_client.backoff import retry_delay
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.score_update import ScoreUpdate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leaderboard_client.calls import Outcome

OnError: TypeAlias = Callable[[ScoreUpdate, LeaderboardError], object]
"""Is told of an update that was refused for good, and why."""

MAX_BATCH = 1000
"""The most updates that the service takes at once."""

_LEAST_TIME = 0.1
_log = logging.getLogger("leaderboard_client")


class Backlog:
    """The updates of one buffer, counted from the first to the last; does not wait itself."""

    def __init__(self, *, max_pending: int, batch_size: int) -> None:
        """Begin without any.

        Raises:
            ValueError: There is no room for an update, or a batch is none that the service takes.
        """
        if max_pending < 1:
            raise ValueError(f"max_pending {max_pending} is less than 1")
        if not 1 <= batch_size <= MAX_BATCH:
            raise ValueError(f"batch_size {batch_size} is not of 1 to {MAX_BATCH}")
        self.added = 0
        """How many updates were added."""
        self.acknowledged = 0
        """How many the service took, now or in an attempt before."""
        self.refused = 0
        """How many were refused for good, or given up."""
        self._room = max_pending
        self._batch_size = batch_size
        self._queue: deque[ScoreUpdate] = deque()

    @property
    def done(self) -> int:
        """How many updates are out of the buffer."""
        return self.acknowledged + self.refused

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

    def add(self, update: ScoreUpdate) -> None:
        """Let an update wait; it has its `request_id`."""
        self._queue.append(update)
        self.added += 1

    def take(self) -> list[ScoreUpdate]:
        """Return the updates of the next batch."""
        return [self._queue.popleft() for _ in range(min(self._batch_size, len(self._queue)))]

    def settle(self, batch: Batch) -> None:
        """Count what became of a batch."""
        self.acknowledged += batch.acknowledged
        self.refused += len(batch.refused)


class Batch:
    """One batch on its way: what is still to be sent, and until when."""

    def __init__(
        self,
        updates: Sequence[ScoreUpdate],
        give_up_after: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to send updates.

        Args:
            updates: One or more.

            give_up_after: The seconds for which what fails is tried again.

            clock: Returns the time in seconds, from any beginning.
        """
        self.acknowledged = 0
        """How many the service took."""
        self.refused: list[tuple[ScoreUpdate, LeaderboardError]] = []
        """What it refused for good, or was given up."""
        self._pending = list(updates)
        self._portion = len(updates)
        self._clock = clock
        self._ends = clock() + give_up_after
        self._failed = 0

    @property
    def is_done(self) -> bool:
        """Tell that nothing is left to be sent."""
        return not self._pending

    @property
    def seconds_left(self) -> float:
        """How long the next attempt may take."""
        return max(self._ends - self._clock(), _LEAST_TIME)

    def portion(self) -> list[ScoreUpdate]:
        """Return what to send next."""
        return self._pending[: self._portion]

    def answered(self, outcomes: Sequence[Outcome]) -> float:
        """Sort what was sent by its outcomes, and return the seconds to wait before the next."""
        sent, later = self.portion(), self._pending[self._portion :]
        again: list[tuple[ScoreUpdate, LeaderboardError]] = []
        for update, outcome in zip(sent, outcomes, strict=True):
            if not isinstance(outcome, LeaderboardError):
                self.acknowledged += 1
            elif outcome.retryable:
                again.append((update, outcome))
            else:
                self.refused.append((update, outcome))
        pause = 0.0
        if again:
            asked = max(error.retry_after or 0.0 for _, error in again)
            pause = retry_delay(self._failed, asked)
            self._failed += 1
        if self._clock() + pause >= self._ends:
            self.refused += again
            again, pause = [], 0.0
        self._pending = [update for update, _ in again] + later
        return pause

    def failed(self, cause: Exception) -> None:
        """Take note that what was sent failed as a whole, after all attempts of the call.

        What is too large as a whole is sent in halves: one update must not cost the others.
        """
        sent = self.portion()
        error = cause if isinstance(cause, LeaderboardError) else LeaderboardError(str(cause))
        too_large = error.code == "RESOURCE_EXHAUSTED" and not error.retryable
        if too_large and len(sent) > 1:
            self._portion = len(sent) // 2
        else:
            self.refused += [(update, error) for update in sent]
            self._pending = self._pending[self._portion :]


def tell(batch: Batch, on_error: OnError | None) -> None:
    """Tell of each update of a batch that was refused for good; who is told may fail."""
    for update, error in batch.refused:
        try:
            if on_error is None:
                told = "%s: points for %s were refused: %s"
                _log.error(told, update.contest_id, update.user_id, error)
            else:
                on_error(update, error)
        except Exception:  # noqa: BLE001 (whatever it is, the others must be told)
            _log.exception("on_error failed")

"""One batch of updates in flight: the updates still to be sent, and the results of the others."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from leaderboard_client.calls import Outcome
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.retrying import retry_delay
from leaderboard_client.score_update import ScoreUpdate

MAX_BATCH = 1000
"""The most updates that the service accepts in one request."""

RefusedUpdate: TypeAlias = tuple[ScoreUpdate, LeaderboardError]
"""An update that was refused for good or given up, and why."""

_MIN_TIMEOUT = 1.0
"""The least timeout of an attempt in seconds, also after the deadline of its updates: they may have
waited behind others because the service is slow."""


@dataclass(frozen=True, slots=True)
class PendingUpdate:
    """An update that was neither accepted nor refused yet."""

    update: ScoreUpdate
    """The update, with its `request_id`."""

    deadline: float
    """When the update is given up, unless an attempt in flight gets it accepted."""


class Batch:
    """Updates that are sent together, until each is accepted, refused or given up."""

    def __init__(
        self, updates: Sequence[PendingUpdate], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare to send updates.

        Args:
            updates: One or more, in the order of their deadlines.

            clock: Returns the time in seconds, on the same clock as the deadlines.
        """
        self.acknowledged = 0
        """The number of updates that the service accepted."""
        self.refused: list[RefusedUpdate] = []
        """The updates that were refused for good or given up."""
        self.failure: LeaderboardError | None = None
        """The error of the last attempt as a whole; None if the service responded."""
        self.failed_until = -math.inf
        """The earliest time of the next attempt after that failure."""
        self._pending = list(updates)
        self._size = len(updates)
        self._clock = clock
        self._attempts = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be sent."""
        return not self._pending

    def portion(self) -> tuple[list[ScoreUpdate], float]:
        """Return the updates to send next, none if nothing is left, and the attempt's timeout."""
        sent = self._pending[: self._size]
        deadline = sent[0].deadline if sent else 0.0
        return [each.update for each in sent], max(deadline - self._clock(), _MIN_TIMEOUT)

    def answered(self, outcomes: Sequence[Outcome]) -> float:
        """Apply the outcomes of the last portion, and return the seconds to wait before the next.

        Raises:
            ValueError: There is not one outcome for each update.
        """
        self.failure = None
        sent, later = self._split()
        retried: list[tuple[PendingUpdate, LeaderboardError]] = []
        # A batch that was given up while it was in flight is empty.
        paired = list(zip(sent, outcomes, strict=True)) if sent else []
        for pending, outcome in paired:
            if not isinstance(outcome, LeaderboardError):
                self.acknowledged += 1
            elif outcome.retryable:
                retried.append((pending, outcome))
            else:
                self.refused.append((pending.update, outcome))
        return self._retry(retried, later)

    def failed(self, cause: Exception) -> float:
        """Apply a failure of the last portion as a whole, and return the seconds to wait.

        A portion that is too large is halved: one large update must not cost the others. Errors
        of the caller's own code, such as the token's function, are tried again.
        """
        self.failure = None
        sent, later = self._split()
        error = _as_leaderboard_error(cause)
        too_large = error.code == "RESOURCE_EXHAUSTED" and not error.retryable
        if too_large and len(sent) > 1:
            self._size = len(sent) // 2
            return 0.0
        if not error.retryable:
            return self._refuse(sent, error, later)
        pause = self._retry([(pending, error) for pending in sent], later)
        self.failure, self.failed_until = error, self._clock() + pause
        return pause

    def give_up(self, error: LeaderboardError) -> None:
        """Refuse all updates that are left."""
        self._refuse(self._pending, error, [])

    def _split(self) -> tuple[list[PendingUpdate], list[PendingUpdate]]:
        """Return the updates of the last portion, and those after it."""
        return self._pending[: self._size], self._pending[self._size :]

    def _refuse(
        self, sent: Sequence[PendingUpdate], error: LeaderboardError, later: list[PendingUpdate]
    ) -> float:
        self.refused += [(pending.update, error) for pending in sent]
        self._pending = later
        return 0.0

    def _retry(
        self, failed: Sequence[tuple[PendingUpdate, LeaderboardError]], later: list[PendingUpdate]
    ) -> float:
        """Keep the updates whose deadline is after the next attempt; return the time until it."""
        if not failed:
            self._pending = later
            return 0.0
        requested = max(error.retry_after or 0.0 for _, error in failed)
        pause = retry_delay(self._attempts, requested)
        self._attempts += 1
        next_attempt = self._clock() + pause
        retried = [pending for pending, _ in failed if pending.deadline > next_attempt]
        self.refused += [(p.update, error) for p, error in failed if p.deadline <= next_attempt]
        self._pending = retried + later
        return pause if retried else 0.0


def _as_leaderboard_error(cause: Exception) -> LeaderboardError:
    if isinstance(cause, LeaderboardError):
        return cause
    error = LeaderboardError(str(cause))
    error.__cause__ = cause
    return error

"""One batch of updates on its way: what is still to be sent, and what became of the others."""

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
"""The most updates that the service takes at once."""

Refused: TypeAlias = tuple[ScoreUpdate, LeaderboardError]
"""An update that was refused for good, or given up, and why."""

_LEAST_TIME = 1.0
"""The seconds that an attempt may take whose time is up: its updates may only have waited for
others, with a service that is slow."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An update that is neither taken nor refused yet."""

    update: ScoreUpdate
    """The update, with its `request_id`."""

    ends: float
    """When to give it up, unless an attempt is under way that takes it."""


class Batch:
    """Updates that are sent together, until each is taken, refused or given up."""

    def __init__(
        self, waiting: Sequence[Waiting], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare to send updates.

        Args:
            waiting: One or more, in the order in which they end.

            clock: Returns the time in seconds, from any beginning: that in which they end.
        """
        self.acknowledged = 0
        """How many the service took."""
        self.refused: list[Refused] = []
        """What it refused for good, or was given up."""
        self.failure: LeaderboardError | None = None
        """What the last attempt failed with as a whole; None where it was answered."""
        self.failed_until = -math.inf
        """Up to when that failure lasts at least: the next attempt comes no earlier."""
        self._waiting = list(waiting)
        self._size = len(waiting)
        self._clock = clock
        self._attempts = 0

    @property
    def is_done(self) -> bool:
        """Tell that nothing is left to be sent."""
        return not self._waiting

    def portion(self) -> tuple[list[ScoreUpdate], float]:
        """Return what to send next, none when nothing is left, and the seconds that may take."""
        sent = self._waiting[: self._size]
        ends = sent[0].ends if sent else 0.0
        return [waiting.update for waiting in sent], max(ends - self._clock(), _LEAST_TIME)

    def answered(self, outcomes: Sequence[Outcome]) -> float:
        """Sort what was sent by its outcomes, and return the seconds to wait before the next.

        Raises:
            ValueError: There is not one outcome for each update.
        """
        self.failure = None
        sent, later = self._split()
        again: list[tuple[Waiting, LeaderboardError]] = []
        for waiting, outcome in _paired(sent, outcomes):
            if not isinstance(outcome, LeaderboardError):
                self.acknowledged += 1
            elif outcome.retryable:
                again.append((waiting, outcome))
            else:
                self.refused.append((waiting.update, outcome))
        return self._try_again(again, later)

    def failed(self, cause: Exception) -> float:
        """Take note that what was sent failed as a whole; return the seconds to wait.

        What is too large as a whole is sent in halves: one update must not cost the others. What
        was raised by the caller's own code, such as the token's function, may pass as well.
        """
        self.failure = None
        sent, later = self._split()
        error = _told(cause)
        too_large = error.code == "RESOURCE_EXHAUSTED" and not error.retryable
        if too_large and len(sent) > 1:
            self._size = len(sent) // 2
            return 0.0
        if not error.transient:
            return self._refuse(sent, error, later)
        pause = self._try_again([(waiting, error) for waiting in sent], later)
        self.failure, self.failed_until = error, self._clock() + pause
        return pause

    def give_up(self, error: LeaderboardError) -> None:
        """Refuse all that is left."""
        self._refuse(self._waiting, error, [])

    def _split(self) -> tuple[list[Waiting], list[Waiting]]:
        """Return what was sent, and what is to be sent after it."""
        return self._waiting[: self._size], self._waiting[self._size :]

    def _refuse(
        self, waiting: Sequence[Waiting], error: LeaderboardError, later: list[Waiting]
    ) -> float:
        self.refused += [(each.update, error) for each in waiting]
        self._waiting = later
        return 0.0

    def _try_again(
        self, failed: Sequence[tuple[Waiting, LeaderboardError]], later: list[Waiting]
    ) -> float:
        """Keep what the next attempt does not come too late for, and return when that comes."""
        if not failed:
            self._waiting = later
            return 0.0
        asked = max(error.retry_after or 0.0 for _, error in failed)
        pause = retry_delay(self._attempts, asked)
        self._attempts += 1
        next_attempt = self._clock() + pause
        again = [waiting for waiting, _ in failed if waiting.ends > next_attempt]
        self.refused += [(w.update, error) for w, error in failed if w.ends <= next_attempt]
        self._waiting = again + later
        return pause if again else 0.0


def _paired(sent: Sequence[Waiting], outcomes: Sequence[Outcome]) -> list[tuple[Waiting, Outcome]]:
    # What was given up while it was under way is not here any more.
    return list(zip(sent, outcomes, strict=True)) if sent else []


def _told(cause: Exception) -> LeaderboardError:
    """Return the error that updates are told of when sending them raised something."""
    if isinstance(cause, LeaderboardError):
        return cause
    error = LeaderboardError(str(cause))
    error.__cause__ = cause
    return error

"""Decides how long each attempt of a call may take, and whether and when another one follows."""

import random
import time
from collections.abc import Callable

from leaderboard_client.errors import DeadlineExceeded, LeaderboardError

DEFAULT_TIMEOUT = 10.0
"""The default time of a call with all its attempts, in seconds."""

ATTEMPT_TIMEOUT = 4.0
"""The longest time of one attempt, in seconds. A lost response must not use up the whole call."""

_MIN_TIMEOUT = 0.001
_FIRST_DELAY = 0.2
_MAX_DELAY = 5.0


def check_timeout(timeout: float) -> float:
    """Return the timeout of a call in seconds; raise ValueError unless it is more than 0."""
    if not timeout > 0:
        raise ValueError(f"the timeout must be more than 0 s, not {timeout} s")
    return timeout


def retry_delay(
    attempt: int, requested: float | None, randomness: Callable[[], float] = random.random
) -> float:
    """Return the seconds to wait after a failed attempt.

    The delay doubles with each attempt and is at least what the server requests, both up to 5 s.
    It is spread at random over a factor of two, also if the server requests one, so that many
    clients don't return together.

    Args:
        attempt: The number of failed attempts before this one.

        requested: The seconds that the server asks to wait, if it does.

        randomness: Returns a number from 0 to 1, a new one each time.
    """
    # Without the bound the power would overflow, and it makes no difference from there on.
    grown = min(_FIRST_DELAY * 2.0 ** min(attempt, 10), _MAX_DELAY)
    shortest = max(grown / 2, min(requested or 0.0, _MAX_DELAY))
    return shortest * (1 + randomness())


class Retrying:
    """The attempts of one call."""

    def __init__(
        self,
        timeout: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        """Begin a call.

        Args:
            timeout: The seconds that the call may take with all its attempts.

            clock: Returns the time in seconds, from any beginning.

            randomness: Returns a number from 0 to 1, a new one each time.
        """
        self._timeout = check_timeout(timeout)
        self._clock = clock
        self._randomness = randomness
        self._deadline = clock() + timeout
        self._failed = 0
        self._errors: dict[tuple[str, str], LeaderboardError] = {}

    def attempt_timeout(self) -> float:
        """Return the seconds that the attempt may take that begins now."""
        return max(min(self._deadline - self._clock(), ATTEMPT_TIMEOUT), _MIN_TIMEOUT)

    def pause_after(self, error: LeaderboardError) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            error: The error of the last attempt.

        Raises:
            LeaderboardError: Another attempt would fail too, or begin after the deadline. The
                causes are the errors of earlier attempts, the latest first, each kind once.
        """
        pause = retry_delay(self._failed, error.retry_after, self._randomness)
        self._failed += 1
        goes_on = error.retryable and self._clock() + pause < self._deadline
        if error.code == DeadlineExceeded.usual_code and not error.reason:
            waited = "an attempt" if goes_on else f"{self._timeout:g} s"
            error = DeadlineExceeded(f"no response within {waited}")
        self._errors.pop((error.code, error.reason), None)
        if not goes_on:
            raise error from self._cause()
        self._errors[error.code, error.reason] = error
        return pause

    def _cause(self) -> LeaderboardError | None:
        """Return the latest error, chained to the earlier ones: any attempt may have counted."""
        cause = None
        for error in self._errors.values():
            error.__cause__ = cause
            cause = error
        return cause

"""Decides how long each attempt of a call may take, and whether and when another one follows."""

import random
import time
from collections.abc import Callable

from leaderboard_client.errors import DeadlineExceeded, LeaderboardError, Unavailable

DEFAULT_TIMEOUT = 10.0
"""The default time of a call with all its attempts, in seconds."""

ATTEMPT_TIMEOUT = 4.0
"""The longest time of one attempt, in seconds. A lost response must not use up the whole call."""

_DRAINING = "ERROR_REASON_SERVER_DRAINING"
_MIN_TIMEOUT = 0.001
_FIRST_DELAY = 0.2
_MAX_DELAY = 5.0
_AWAY_ATTEMPTS = 2
"""While there is no server, delays are no longer than after this many attempts: up to 0.8 s. It may
be back at any moment, and an attempt without it costs it nothing."""


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


def concerns_one_server(error: LeaderboardError) -> bool:
    """Return whether another server may serve the same request at once.

    So it is after a connection that failed or broke, a missing response, and a server that drains.
    """
    is_own = bool(error.reason) or error.retry_after is not None
    return is_draining(error) or (error.retryable and not is_own)


def is_draining(error: LeaderboardError) -> bool:
    """Return whether the server is about to end."""
    return error.reason == _DRAINING


def attempts_that_count(failed: int, error: Exception | None) -> int:
    """Return the number of failed attempts from which the next delay follows.

    Args:
        failed: The number of failed attempts before the last one.

        error: The error of the last one.
    """
    is_away = (
        isinstance(error, LeaderboardError)
        and concerns_one_server(error)
        and error.code == Unavailable.usual_code
    )
    return min(failed, _AWAY_ATTEMPTS) if is_away else failed


class Failovers:
    """Counts the attempts that follow at once, because another server may answer."""

    def __init__(self, alternatives: int) -> None:
        """Begin to count.

        Args:
            alternatives: How many other servers may answer where one does not.
        """
        self._alternatives = alternatives
        self._in_a_row = 0

    def take(self) -> bool:
        """Return whether the next attempt may follow at once, up to one on each other server.

        After as many without success an ordinary pause is due, and then counting begins again.
        """
        self._in_a_row = (self._in_a_row + 1) % (self._alternatives + 1)
        return self._in_a_row > 0


class Retrying:
    """The attempts of one call."""

    def __init__(
        self,
        timeout: float,
        *,
        alternatives: int = 0,
        clock: Callable[[], float] = time.monotonic,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        """Begin a call.

        Args:
            timeout: The seconds that the call may take with all its attempts.

            alternatives: How many other servers may answer where one does not.

            clock: Returns the time in seconds, from any beginning.

            randomness: Returns a number from 0 to 1, a new one each time.
        """
        self._timeout = check_timeout(timeout)
        self._clock = clock
        self._randomness = randomness
        self._deadline = clock() + timeout
        self._failed = 0
        self._failovers = Failovers(alternatives)
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
        pause = self._next_pause(error)
        goes_on = error.retryable and self._clock() + pause < self._deadline
        if error.code == DeadlineExceeded.usual_code and not error.reason:
            waited = "an attempt" if goes_on else f"{self._timeout:g} s"
            error = DeadlineExceeded(f"no response within {waited}")
        self._errors.pop((error.code, error.reason), None)
        if not goes_on:
            raise error from self._cause()
        self._errors[error.code, error.reason] = error
        return pause

    def _next_pause(self, error: LeaderboardError) -> float:
        if concerns_one_server(error) and self._failovers.take():
            return 0.0
        requested = None if is_draining(error) else error.retry_after
        counted = attempts_that_count(self._failed, error)
        self._failed += 1
        return retry_delay(counted, requested, self._randomness)

    def _cause(self) -> LeaderboardError | None:
        """Return the latest error, chained to the earlier ones: any attempt may have counted."""
        cause = None
        for error in self._errors.values():
            error.__cause__ = cause
            cause = error
        return cause

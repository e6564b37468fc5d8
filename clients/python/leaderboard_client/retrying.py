"""Decides how long each attempt of a call may take, and whether another one follows a failure."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import grpc

from leaderboard_client.backoff import retry_delay
from leaderboard_client.errors import DeadlineExceeded, LeaderboardError, error_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from leaderboard_client.rpc_status import Refusal

DEFAULT_TIMEOUT = 10.0
"""The seconds that a call may take, with all its attempts, unless told otherwise."""

ATTEMPT_TIMEOUT = 4.0
"""The seconds that one attempt may take: the answer may be lost, and the next one comes at once."""

_LEAST_TIMEOUT = 0.001


def check_timeout(timeout: float) -> float:
    """Return the seconds that a call may take; raise ValueError unless they are more than 0."""
    if not timeout > 0:
        raise ValueError(f"a timeout of {timeout} s is no time at all")
    return timeout


class Retrying:
    """The attempts of one call. It need not be told of one that succeeds."""

    def __init__(
        self,
        timeout: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        """Begin a call.

        Args:
            timeout: The seconds that it may take with all its attempts.

            clock: Returns the time in seconds, from any beginning.

            randomness: Returns a number from 0 to 1, a new one each time.
        """
        self._timeout = check_timeout(timeout)
        self._clock = clock
        self._randomness = randomness
        self._ends = clock() + timeout
        self._failed = 0
        self._troubles: dict[tuple[str, str], LeaderboardError] = {}

    def attempt_timeout(self) -> float:
        """Return the seconds that the attempt may take which begins now."""
        return max(min(self._ends - self._clock(), ATTEMPT_TIMEOUT), _LEAST_TIMEOUT)

    def pause_after(self, refusal: Refusal) -> float:
        """Return the seconds to wait before the next attempt.

        Args:
            refusal: What the last one ended with.

        Raises:
            LeaderboardError: Another attempt would not mend it, or would come too late. Its causes
                are what attempts before met with, the latest first, each kind of trouble once.
        """
        timed_out = refusal.code is grpc.StatusCode.DEADLINE_EXCEEDED and not refusal.reason
        pause = retry_delay(self._failed, refusal.retry_after, self._randomness)
        self._failed += 1
        goes_on = refusal.transient and self._clock() + pause < self._ends
        if timed_out:
            waited = "an attempt" if goes_on else f"{self._timeout:g} s"
            error: LeaderboardError = DeadlineExceeded(f"no answer within {waited}")
        else:
            error = error_of(refusal)
        self._troubles.pop((error.code, error.reason), None)
        if not goes_on:
            raise error from self._cause()
        self._troubles[error.code, error.reason] = error
        return pause

    def _cause(self) -> LeaderboardError | None:
        """Return the latest trouble, chained to those before: any of them may have counted."""
        cause = None
        for trouble in self._troubles.values():
            trouble.__cause__ = cause
            cause = trouble
        return cause

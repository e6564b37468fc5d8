"""Sends again what an unavailable service did not take."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar

from leaderboard_client.cli.failures import CallError

if TYPE_CHECKING:
    from collections.abc import Callable

_FIRST_DELAY = 0.2
_LONGEST_DELAY = 5.0

AnswerT = TypeVar("AnswerT")


def until_answered(
    call: Callable[[], AnswerT], *, attempts: int, sleep: Callable[[float], None] = time.sleep
) -> AnswerT:
    """Make a call, again and again while the service is unavailable, and return its answer.

    The call must be safe to repeat: a read, or a write whose updates have request ids.

    Args:
        call: Makes the call; raises CallError.

        attempts: How often it is made at most, from 1.

        sleep: Waits for some seconds.

    Raises:
        CallError: The call was refused, or the last attempt failed too.
    """
    for attempt in range(attempts - 1):
        try:
            return call()
        except CallError as error:
            if not error.refusal.retryable:
                raise
            sleep(retry_delay(attempt, error.refusal.retry_after))
    return call()


def retry_delay(attempt: int, asked: float | None) -> float:
    """Return the seconds to wait after a failed attempt.

    The delay doubles with each attempt, is spread at random so that many clients don't return
    together, and is never less than what the server asked for, up to 5 s.

    Args:
        attempt: How many attempts failed before this one, from 0.

        asked: The seconds that the server asked to wait, if it did.
    """
    longest = min(_FIRST_DELAY * 2**attempt, _LONGEST_DELAY)
    spread = random.uniform(longest / 2, longest)  # noqa: S311 (spreads load, guards nothing)
    return max(spread, min(asked or 0.0, _LONGEST_DELAY))

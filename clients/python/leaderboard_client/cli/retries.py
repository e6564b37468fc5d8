"""Sends again what an unavailable service did not take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from leaderboard_client.backoff import retry_delay
from leaderboard_client.cli.failures import CallError

if TYPE_CHECKING:
    from collections.abc import Callable

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

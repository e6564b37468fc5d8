"""How long to wait before a failed attempt is made again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_DELAY = 5.0
"""The seconds up to which delays grow, and up to which a server is heard that asks for one."""

_FIRST_DELAY = 0.2


def retry_delay(
    attempt: int, asked: float | None, randomness: Callable[[], float] = random.random
) -> float:
    """Return the seconds to wait after a failed attempt.

    The delay doubles with each attempt and is never less than what the server asked for, both up to
    5 s. It is spread at random over a factor of two, also where the server asked, so that many
    clients don't return together.

    Args:
        attempt: How many attempts failed before this one, from 0.

        asked: The seconds that the server asked to wait, if it did.

        randomness: Returns a number from 0 to 1, a new one each time.
    """
    # A power that is larger than any float would be an error, and makes no difference.
    grown = min(_FIRST_DELAY * 2.0 ** min(attempt, 10), LONGEST_DELAY)
    least = max(grown / 2, min(asked or 0.0, LONGEST_DELAY))
    return least * (1 + randomness())

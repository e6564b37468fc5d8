"""Runs the `leaderboard` command on a store whose clock the test sets; see `store_clock`.

The variable TEST_CLOCK_AHEAD_MS sets the clock of the server itself: ms that it is ahead.
"""

import os
import sys
import time

from harness.store_clock import store_clock_in_use
from leaderboard_cli import main


def _set_own_clock(ahead_s: float) -> None:
    real = time.time
    time.time = lambda: real() + ahead_s


if __name__ == "__main__":
    _set_own_clock(int(os.environ.get("TEST_CLOCK_AHEAD_MS", "0")) / 1_000)
    with store_clock_in_use():
        sys.exit(main())

"""Runs the `leaderboard` command on a store whose clock the test sets; see `store_clock`.

The variable TEST_CLOCK_AHEAD_MS sets the clock of the server itself: ms that it is ahead. A node of
a cluster is taken to hang later than usual, since a busy machine may take more than a second to
answer, and tests compare every answer with that of a model.
"""

import os
import sys
import time

from harness.store_clock import store_clock_in_use
from leaderboard_cli import main
from leaderboard_server.storage.cluster import node

_NODE_TIMEOUT_S = 5.0


def _set_own_clock(ahead_s: float) -> None:
    real = time.time
    time.time = lambda: real() + ahead_s


if __name__ == "__main__":
    _set_own_clock(int(os.environ.get("TEST_CLOCK_AHEAD_MS", "0")) / 1_000)
    node.POLL_TIMEOUT_S = node.REPLY_TIMEOUT_S = _NODE_TIMEOUT_S
    with store_clock_in_use():
        sys.exit(main())

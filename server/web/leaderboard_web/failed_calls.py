"""Logs calls that failed on the way to the service: callers see that they did, and not why."""

import time

import structlog

from leaderboard_client.errors import LeaderboardError

_log = structlog.get_logger()

INTERVAL_S = 10.0
"""The least time between two lines of one status code."""


class FailedCalls:
    """Reports failed calls, of each status code at most one in a while."""

    def __init__(self) -> None:
        self._reported: dict[str, float] = {}
        """When a code was last logged."""

    def report(self, method: str, error: LeaderboardError) -> None:
        """Log a failed call, unless it has a reason of the contract or follows a similar one."""
        now = time.monotonic()
        if error.reason or now - self._reported.get(error.code, -INTERVAL_S) < INTERVAL_S:
            return
        self._reported[error.code] = now
        _log.warning("service_call_failed", method=method, code=error.code, reason=str(error))

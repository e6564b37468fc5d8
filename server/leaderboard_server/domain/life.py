"""The life of a contest: when it opens, closes and expires, by the clock of the store.

Times are integers of milliseconds since 1970 in UTC.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class ContestState(StrEnum):
    """The state of a contest at some time, by its name in the store and in errors."""

    SCHEDULED = "SCHEDULED"
    """It has not started: writes are refused."""
    OPEN = "OPEN"
    CLOSED = "CLOSED"
    """It is over: writes are refused."""


class Life(NamedTuple):
    """The times of a contest that can be set."""

    starts_at_ms: int | None = None
    """When it opens; None if it is open from the beginning."""
    ends_at_ms: int | None = None
    """When it closes; None if it does not."""
    expire_after_ms: int | None = None
    """How long after its end, or else its last write, it is deleted; None for never."""

    def state(self, now_ms: int) -> ContestState:
        """Return the state at a time."""
        if self.starts_at_ms is not None and now_ms < self.starts_at_ms:
            return ContestState.SCHEDULED
        if self.ends_at_ms is not None and now_ms >= self.ends_at_ms:
            return ContestState.CLOSED
        return ContestState.OPEN


def format_time(time_ms: int) -> str:
    """Return a time as in RFC 3339, such as `2026-12-01T18:00:00Z`, with milliseconds if any."""
    time = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=time_ms)
    precision = "milliseconds" if time_ms % 1_000 else "seconds"
    return time.isoformat(timespec=precision).replace("+00:00", "Z")

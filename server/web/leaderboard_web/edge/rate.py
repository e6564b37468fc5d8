"""Limits the requests of each address: a token bucket for each, in bounded memory.

A bucket is one number, the time at which it is full again (the generic cell rate algorithm). Full
buckets are not kept.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_ADDRESSES = 100_000
"""The most buckets. Beyond them the one that was used least recently is forgotten."""
_DROPPED_AT_ONCE = 2
"""How many full buckets are dropped for each request, at most: more than one request adds."""

_ROUNDING_S = 1e-6
"""What sums of intervals may be wrong by."""


class RateLimit:
    """The requests of all addresses."""

    def __init__(
        self, per_second: float, *, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow so many requests per second of each address, and so many at once."""
        self._interval_s = 1 / per_second
        self._tolerance_s = (burst - 1) * self._interval_s
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()
        """When the bucket of an address is full, the one that was used least recently first."""

    @property
    def size(self) -> int:
        """How many buckets are kept."""
        return len(self._full_at)

    def take(self, address: str) -> float:
        """Count a request; return 0, or the seconds until another one is allowed."""
        now = self._clock()
        full_at = max(self._full_at.get(address, now), now)
        wait_s = full_at - now - self._tolerance_s
        if wait_s > _ROUNDING_S:
            return wait_s
        self._full_at[address] = full_at + self._interval_s
        self._full_at.move_to_end(address)
        self._drop(now)
        return 0.0

    def _drop(self, now: float) -> None:
        for _ in range(_DROPPED_AT_ONCE):
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now and len(self._full_at) <= MAX_ADDRESSES:
                return
            del self._full_at[oldest]
            if not self._full_at:
                return

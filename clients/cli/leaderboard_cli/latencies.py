"""Measures how long calls took, in a space that does not grow with their number."""

import math
from array import array

PERCENTILES = (50.0, 90.0, 99.0, 99.9)
"""The percentiles that are shown."""

_MIN = 1e-6
_GROWTH = 1.01
_STEP = math.log(_GROWTH)
_BUCKETS = round(math.log(3_600 / _MIN) / _STEP) + 1


class Latencies:
    """Counts durations from a microsecond to an hour in buckets that are 1 % wide.

    Each percentile is right to half a percent, however many durations there are.
    """

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * _BUCKETS))
        self.count = 0
        """How many durations were added."""
        self.longest = math.nan
        """The longest one in seconds; NaN without any."""

    def add(self, seconds: float, count: int = 1) -> None:
        """Count a duration, or several equal ones."""
        bucket = round(math.log(max(seconds, _MIN) / _MIN) / _STEP)
        self._counts[min(bucket, _BUCKETS - 1)] += count
        self.longest = max(self.longest, seconds) if self.count else seconds
        self.count += count

    def percentile(self, percent: float) -> float:
        """Return the seconds within which a share of all were done; NaN without any.

        Args:
            percent: The share, from 0 to 100.
        """
        wanted = max(math.ceil(self.count * percent / 100), 1)
        reached = 0
        for bucket, count in enumerate(self._counts):
            reached += count
            if reached >= wanted:
                return min(_MIN * _GROWTH**bucket, self.longest)
        return math.nan

    def in_milliseconds(self) -> dict[str, float | None]:
        """Return the percentiles and the longest duration in milliseconds, by name."""
        values = {f"p{percent:g}": self.percentile(percent) for percent in PERCENTILES}
        values["max"] = self.longest
        return {
            name: None if math.isnan(seconds) else round(seconds * 1e3, 3)
            for name, seconds in values.items()
        }


def milliseconds(seconds: float) -> str:
    """Return a duration for people, with three significant digits; a dash for NaN."""
    if math.isnan(seconds):
        return "\N{EN DASH}"
    value = seconds * 1e3
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"  # noqa: PLR2004

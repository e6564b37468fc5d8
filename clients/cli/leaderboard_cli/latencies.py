"""How long calls took, in a space that does not grow with their number."""

import math
from array import array

PERCENTILES = (50.0, 90.0, 99.0, 99.9)
"""Those that are told."""

_LEAST = 1e-6
_GROWTH = 1.01
_STEP = math.log(_GROWTH)
_BUCKETS = round(math.log(3_600 / _LEAST) / _STEP) + 1


class Latencies:
    """Counts durations from a microsecond to an hour in buckets that are 1 % wide.

    So each percentile is right to half a percent, however many durations there are.
    """

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * _BUCKETS))
        self.count = 0
        """How many durations were added."""
        self.longest = math.nan
        """The longest one in seconds; no number without any."""

    def add(self, seconds: float, count: int = 1) -> None:
        """Count a duration, or as many that are the same."""
        place = round(math.log(max(seconds, _LEAST) / _LEAST) / _STEP)
        self._counts[min(place, _BUCKETS - 1)] += count
        self.longest = max(self.longest, seconds) if self.count else seconds
        self.count += count

    def percentile(self, percent: float) -> float:
        """Return the seconds within which a share of all were done; no number without any.

        Args:
            percent: The share, from 0 to 100.
        """
        wanted = max(math.ceil(self.count * percent / 100), 1)
        reached = 0
        for place, count in enumerate(self._counts):
            reached += count
            if reached >= wanted:
                return min(_LEAST * _GROWTH**place, self.longest)
        return math.nan

    def in_milliseconds(self) -> dict[str, float | None]:
        """Return the percentiles and the longest duration in milliseconds, by name."""
        told = {f"p{percent:g}": self.percentile(percent) for percent in PERCENTILES}
        told["max"] = self.longest
        return {
            name: None if math.isnan(seconds) else round(seconds * 1e3, 3)
            for name, seconds in told.items()
        }


def milliseconds(seconds: float) -> str:
    """Say a duration for people, with three digits that count; a dash where there is none."""
    if math.isnan(seconds):
        return "\N{EN DASH}"
    value = seconds * 1e3
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"  # noqa: PLR2004

"""What came of a load: counts, percentiles, and how well the rate was kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from leaderboard_client.cli.latencies import Latencies


@dataclass(slots=True)
class Result:
    """Counts what came of the calls of one run, in bounded space."""

    planned: int = 0
    """How many calls were due in all."""

    answered: int = 0
    """How many were answered with OK."""

    errors: Counter[str] = field(default_factory=Counter)
    """How many were not, by status and, where the service gave one, by reason."""

    latency: Latencies = field(default_factory=Latencies)
    """How long the answered ones took from when they were due, so that a server that stops for a
    while can't hide it by holding up the calls after."""

    lateness: Latencies = field(default_factory=Latencies)
    """How long after they were due calls were begun, all of them."""

    seconds: float = 0.0
    """How long the run took."""

    rate: float = 0.0
    """The calls a second that were asked for."""

    @property
    def ended(self) -> int:
        """How many calls ended, in whatever way."""
        return self.answered + self.failed

    @property
    def failed(self) -> int:
        """How many calls were not answered with OK."""
        return self.errors.total()

    @property
    def achieved_rate(self) -> float:
        """How many calls ended in a second, on average."""
        return self.ended / self.seconds if self.seconds else 0.0

    @property
    def left_out(self) -> int:
        """How many calls were due and could not be begun in time."""
        return self.planned - self.ended

    def as_record(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "planned": self.planned,
            "answered": self.answered,
            "failed": self.failed,
            "left_out": self.left_out,
            "errors": dict(self.errors.most_common()),
            "seconds": round(self.seconds, 3),
            "rate": self.rate,
            "achieved_rate": round(self.achieved_rate, 1),
            "latency_ms": self.latency.in_milliseconds(),
            "lateness_ms": self.lateness.in_milliseconds(),
        }

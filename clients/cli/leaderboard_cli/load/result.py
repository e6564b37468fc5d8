"""What came of a load: counts, percentiles, and how well the rate was kept."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from leaderboard_cli.latencies import Latencies

_KEPT = 0.98
"""The share of the calls that makes a rate kept."""


@dataclass(slots=True)
class Result:
    """Counts what came of the calls of one run, in bounded space."""

    rate: float
    """The calls a second that were asked for."""

    due: int = 0
    """How many calls were due, until the run ended or was ended."""

    begun: int = 0
    """How many were begun."""

    answered: int = 0
    """How many were answered with OK."""

    errors: Counter[str] = field(default_factory=Counter)
    """How many were not, by status and, where the service gave one, by reason."""

    latency: Latencies = field(default_factory=Latencies)
    """How long all calls took from when they were due, so that a server that stops for a while
    can't hide it by holding up the calls after: to the answer, to the failure, or to the end of the
    run for those that were not begun, or cut off, by then."""

    answer: Latencies = field(default_factory=Latencies)
    """The same of those answered with OK alone."""

    lateness: Latencies = field(default_factory=Latencies)
    """How long after they were due calls were begun, or how late those were at the end of the run
    that were not."""

    seconds: float = 0.0
    """How long the run took."""

    def add(self, latency: float, *, answered: bool) -> None:
        """Count how long a call took that was begun."""
        self.latency.add(latency)
        if answered:
            self.answered += 1
            self.answer.add(latency)

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
        """How many calls were due and not begun."""
        return self.due - self.begun

    @property
    def cut_off(self) -> int:
        """How many calls were under way when the run was ended before its time."""
        return self.begun - self.ended

    @property
    def kept(self) -> bool:
        """Tell that the calls were made at the rate that was asked for."""
        return self.begun >= self.due * _KEPT

    def as_record(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "due": self.due,
            "answered": self.answered,
            "failed": self.failed,
            "left_out": self.left_out,
            "cut_off": self.cut_off,
            "errors": dict(self.errors.most_common()),
            "seconds": round(self.seconds, 3),
            "rate": self.rate,
            "achieved_rate": round(self.achieved_rate, 1),
            "latency_ms": self.latency.in_milliseconds(),
            "answer_ms": self.answer.in_milliseconds(),
            "lateness_ms": self.lateness.in_milliseconds(),
        }

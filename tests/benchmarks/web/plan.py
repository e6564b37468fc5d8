"""The plan of one measurement of watchers."""

from dataclasses import dataclass

CONTEST = "hot"
LIMIT = 10
"""The rows that each watcher has."""


@dataclass(frozen=True)
class Plan:
    """The watchers of one measurement."""

    watchers: int
    """Watchers that read at once; their deliveries are measured."""
    seconds: float
    """The measured time."""
    warmup_s: float = 2.0
    """The time with updates before the measured time."""
    paused: int = 0
    """Further watchers that read only now and then."""
    stuck: int = 0
    """Further watchers that read nothing until the end."""
    rate: int = 20
    """Updates of the contest per second, each of which changes the first rows."""
    interval_ms: int = 250
    """The minimum time between two messages of changes."""
    pinned: bool = True
    """Whether the gateway has a core of its own, and all else the others."""

    @property
    def load_arguments(self) -> list[str]:
        """The arguments of the load."""
        values: dict[str, object] = {
            "mode": "web",
            "contest": CONTEST,
            "users": 40,
            "limit": LIMIT,
            "writes": self.rate,
            "watchers": self.watchers,
            "duration": f"{self.seconds}s",
            "warmup": f"{self.warmup_s}s",
            "paused": self.paused,
            "stuck": self.stuck,
        }
        return [part for name, value in values.items() for part in (f"-{name}", str(value))]

"""What became of the events of an import."""

from dataclasses import dataclass, field

from leaderboard_client.event_file import BadLine

MAX_LISTED = 20
"""How many bad lines are named; the others are only counted."""


@dataclass(slots=True)
class ImportStats:
    """Counts the events of one import."""

    counted: int = 0
    """Events that the service took for the first time."""

    repeated: int = 0
    """Events that the service had taken before, in an earlier import or an earlier try."""

    skipped: int = 0
    """Bad lines: they are no event, or the service refused them."""

    named: list[BadLine] = field(default_factory=list)
    """The first bad lines."""

    @property
    def sent(self) -> int:
        """How many events the service took, now or before."""
        return self.counted + self.repeated

    def add_skipped(self, line: BadLine) -> None:
        """Count a bad line."""
        self.skipped += 1
        if len(self.named) < MAX_LISTED:
            self.named.append(line)

    def __str__(self) -> str:
        """Say in one line what was sent."""
        events = "event" if self.sent == 1 else "events"
        return f"sent {self.sent:,} {events} ({self.counted:,} counted, {self.repeated:,} repeated)"

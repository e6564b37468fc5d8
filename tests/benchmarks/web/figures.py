"""The figures of one measurement of watchers, and the table of several."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from benchmarks.tables import table
from benchmarks.web.plan import Plan
from benchmarks.web.samples import Samples

MOST_MS = 500.0
"""The time within which 99 of 100 messages have to arrive."""
MOST_KIB = 256.0
"""The memory of the gateway that a stuck watcher may take."""
_LEAST_RATE = 0.98
"""The share of the updates that has to be written for a measurement to count."""


@dataclass(frozen=True)
class Figures:
    """What watchers received, and what that took.

    The time of a delivery is that from the start of a write to the arrival of the message with its
    change; of a message with several changes, the time since the oldest.
    """

    plan: Plan
    p50_ms: float
    p99_ms: float
    max_ms: float
    writes: int
    messages_per_s: float
    merged: int
    """Messages over a position at which another watcher had a message."""
    snapshots: dict[str, int]
    """By reason, of the watchers that read at once; every one has an `INITIAL` one."""
    paused_snapshots: dict[str, int]
    stuck_cut: int
    """Stuck watchers whose connection the gateway has ended."""
    opened_s: float
    """The time in which all watchers had their first boards, with a new connection each."""
    upstream: int
    """The most watches that the service had open."""
    gateway_busy: float
    """The share of its core that the gateway used."""
    other_busy: float
    """The share of the other core that all else used."""
    watcher_kib: float
    """The memory of the gateway for each watcher that reads at once."""
    stuck_kib: float
    """The memory of the gateway, at most, for each stuck watcher."""

    @classmethod
    def of(cls, plan: Plan, printed: dict[str, Any], samples: Samples) -> Self:
        """Return the figures of a load that ended without an error."""
        return cls(
            plan=plan,
            p50_ms=printed["p50_us"] / 1000,
            p99_ms=printed["p99_us"] / 1000,
            max_ms=printed["max_us"] / 1000,
            writes=printed["writes"],
            messages_per_s=printed["message_rate"],
            merged=printed["merged"],
            snapshots=printed["snapshots"],
            paused_snapshots=printed["paused_snapshots"],
            stuck_cut=printed["stuck_cut"],
            opened_s=samples.seconds_between("opening", "open"),
            upstream=samples.upstream,
            gateway_busy=samples.gateway_busy,
            other_busy=samples.other_busy,
            watcher_kib=samples.kib_between("opening", "open") / plan.watchers,
            stuck_kib=samples.most_kib_after("open") / max(1, plan.stuck),
        )

    @property
    def broken(self) -> list[str]:
        """What is not as it has to be, whatever the speed of the machine."""
        stuck = f"{self.stuck_cut} of {self.plan.stuck} stuck watchers were cut off"
        return [
            text
            for text, is_broken in (
                (f"{self.upstream} watches of the service for one board", self.upstream != 1),
                (stuck, self.stuck_cut < self.plan.stuck),
                (
                    f"{self.stuck_kib:.0f} KiB for a stuck watcher",
                    bool(self.plan.stuck) and self.stuck_kib > MOST_KIB,
                ),
            )
            if is_broken
        ]

    @property
    def in_time(self) -> bool:
        """Whether 99 of 100 messages arrived in time, and as many updates were made as were due."""
        due = (self.plan.warmup_s + self.plan.seconds) * self.plan.rate
        return self.p99_ms < MOST_MS and self.writes >= _LEAST_RATE * due


_COLUMNS = (
    "watchers",
    "opened in",
    "p50",
    "p99",
    "slowest",
    "messages/s",
    "merged",
    "snapshots",
    "gateway's core",
    "other core",
    "KiB/watcher",
)


def figures_table(measured: Iterable[Figures]) -> str:
    """Return a table in Markdown with a row for each measurement."""
    return table(
        _COLUMNS,
        [
            (
                f"{each.plan.watchers:,}",
                f"{each.opened_s:.1f} s",
                f"{each.p50_ms:.0f} ms",
                f"{each.p99_ms:.0f} ms",
                f"{each.max_ms:.0f} ms",
                f"{each.messages_per_s:,.0f}",
                f"{each.merged:,}",
                f"{each.snapshots.get('LAGGED', 0):,}",
                f"{each.gateway_busy:.0%}",
                f"{each.other_busy:.0%}",
                f"{each.watcher_kib:.1f}",
            )
            for each in measured
        ],
    )

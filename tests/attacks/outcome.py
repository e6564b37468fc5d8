"""Judges the effect of an attack on the good client and on the server, by the bounds."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from attacks.catalogue import Attack
from attacks.good_client import MIXED
from attacks.records import Records

MAX_RATIO = 5.0
"""The good client's p99 with an attack is below this many times its p99 without."""
WELL_AGAIN_S = 1.0
"""The server is well again this long after an attack, at the latest."""
BUSY_WELL_AGAIN_S = 3.0
"""The same on a machine that is too busy to judge by times."""
MAX_GROWTH = 1.2
"""The memory after a second equal attack, in terms of that after the first."""
MAX_PEAK_MIB = 1_024
"""The memory during any attack. Most stay below a quarter of it."""
MIN_GOODPUT = 0.85
"""Answered calls at three times the capacity, in terms of the capacity."""
UNBOUNDED = {
    ("grpcio", "rapid-reset"),
    ("grpcio", "unfinished-uploads"),
    ("grpcio", "connections"),
}
"""Attacks that a listener can't keep from the good client; it only has to be well again in time,
within `MAX_PEAK_MIB`."""

_SLOW_S = 0.1
"""Calls that take less are not a sign of an ill server."""


class Phase(NamedTuple):
    """The time of an attack, by the monotonic clock of the machine."""

    began: float
    ended: float


class Memory(NamedTuple):
    """The resident memory of the server in MiB."""

    before: float
    peaks: list[float]
    """During each attack."""
    afterwards: list[float]
    """After each attack."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The measurements of a course."""

    attacks: tuple[Attack, ...]
    """The attacks, which ran at the same time."""
    listener: str
    records: Records
    """The calls of the good client."""
    began: float
    """The time from which its calls count."""
    phases: list[Phase]
    """The time of each run of the attacks."""
    memory: Memory
    watch: str
    """What was wrong with the watch of the good client; nothing if it is empty."""
    accounts: list[dict[str, Any]]
    """What the attackers counted."""

    @property
    def p99_without(self) -> float:
        """The good client's p99 before the attack, in seconds."""
        return self.records.between(self.began, self.phases[0].began).p99(MIXED)

    @property
    def p99_with(self) -> float:
        """The worst p99 of an attack, in seconds."""
        return max(self.records.between(*phase).p99(MIXED) for phase in self.phases)

    @property
    def ratio(self) -> float:
        """The p99 with the attack in terms of that without."""
        return self.p99_with / self.p99_without

    @property
    def calls(self) -> int:
        """How many calls the good client made during the attacks."""
        return sum(len(self.records.between(*phase)) for phase in self.phases)

    @property
    def failures(self) -> Counter[str]:
        """Its failed calls from the first attack on, by kind and status."""
        return self.records.between(self.phases[0].began, math.inf).failures

    def late_failures(self, within: float) -> Counter[str]:
        """Return those outside of the attacks and of so many seconds after each."""
        late = self.failures
        for phase in self.phases:
            late -= self.records.between(phase.began, phase.ended + within).failures
        return late

    @property
    def recovery(self) -> float:
        """After how many seconds the server was well again, at worst."""
        slow = max(_SLOW_S, MAX_RATIO * self.p99_without)
        ends = [*(phase.began for phase in self.phases[1:]), math.inf]
        return max(
            self.records.between(phase.ended, end).recovery(phase.ended, slow)
            for phase, end in zip(self.phases, ends, strict=True)
        )

    @property
    def figures(self) -> dict[str, float]:
        """What the last attacker measured."""
        figures: dict[str, float] = self.accounts[-1]["figures"]
        return figures

    @property
    def takes_capacity(self) -> bool:
        """Whether calls are refused because there are too many legal ones."""
        return any(attack.takes_capacity for attack in self.attacks)

    @property
    def is_unbounded(self) -> bool:
        """Whether the listener can't keep an attack from the good client."""
        return any((self.listener, attack.name) in UNBOUNDED for attack in self.attacks)

    def broken_bounds(self, *, timed: bool) -> list[str]:
        """Return the bounds that were broken, as sentences.

        Args:
            timed: Whether the machine was quiet enough to judge by times.
        """
        broken = [f"{rule}: {count} times" for rule, count in self._broken_rules().items()]
        failures = self.failures
        if self.is_unbounded or self.takes_capacity:
            failures = self.late_failures(WELL_AGAIN_S if timed else BUSY_WELL_AGAIN_S)
        elif timed and not self.ratio < MAX_RATIO:
            broken.append(f"the p99 of the good client rose to {self.ratio:.1f} times")
        if failures:
            broken.append(f"calls of the good client failed: {dict(failures)}")
        if self.watch:
            broken.append(f"the watch of the good client was wrong: {self.watch}")
        if timed and self.recovery > WELL_AGAIN_S:
            broken.append(f"the server was well again after {self.recovery:.1f} s")
        if timed and self.takes_capacity:
            broken += self._lost_goodput()
        return broken + self._unbounded_memory()

    def _broken_rules(self) -> Counter[str]:
        return sum((Counter(account["broken"]) for account in self.accounts), Counter())

    def _lost_goodput(self) -> list[str]:
        share = self.figures["goodput"] / self.figures["capacity"]
        return [f"the goodput was {share:.0%} of the capacity"] if share < MIN_GOODPUT else []

    def _unbounded_memory(self) -> list[str]:
        peak, afterwards = max(self.memory.peaks), self.memory.afterwards
        broken = [f"the server took {peak:.0f} MiB"] if peak > MAX_PEAK_MIB else []
        if not self.is_unbounded and afterwards[-1] >= MAX_GROWTH * afterwards[0]:
            grown = " and then ".join(f"{size:.0f} MiB" for size in afterwards)
            broken.append(f"the server kept {grown}")
        return broken

"""Defines the result of a check: a verdict, the finding in words, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Verdict(IntEnum):
    """The verdicts, from the best to the worst."""

    OK = 0
    """As it should be."""

    UNKNOWN = 1
    """It can't be checked from here. This is not a fault."""

    WARN = 2
    """It works, but needs attention."""

    FAIL = 3
    """It does not work."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check."""

    check: str
    """The name of the check."""

    verdict: Verdict
    """The verdict."""

    found: str
    """The finding, in one line."""

    to_do: str = ""
    """What to do about it; empty where there is nothing to do."""

    numbers: Mapping[str, float | None] = field(default_factory=dict)
    """The measured values, by name with its unit."""

    def as_record(self) -> dict[str, object]:
        """Return the result for scripts."""
        return {
            "check": self.check,
            "verdict": self.verdict.name,
            "found": self.found,
            "to_do": self.to_do,
            "numbers": dict(self.numbers),
        }

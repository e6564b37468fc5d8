"""What a check found: a verdict, the result in words, and what to do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from leaderboard_cli.exit_codes import ExitCode


class Verdict(IntEnum):
    """How good a result is; the worst is the highest."""

    OK = 0
    """As it should be."""

    UNKNOWN = 1
    """It can't be told from here, which is no fault."""

    WARN = 2
    """It works, and wants a look."""

    FAIL = 3
    """It does not work."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found."""

    check: str
    """What was checked."""

    verdict: Verdict
    """How good that is."""

    found: str
    """What was found, in a line."""

    to_do: str = ""
    """What to do about it; empty where there is nothing to do."""

    numbers: Mapping[str, float | None] = field(default_factory=dict)
    """What was measured, by name with its unit."""

    def as_record(self) -> dict[str, object]:
        """Return it for scripts."""
        return {
            "check": self.check,
            "verdict": self.verdict.name,
            "found": self.found,
            "to_do": self.to_do,
            "numbers": dict(self.numbers),
        }


def worst_verdict(results: Iterable[CheckResult]) -> Verdict:
    """Return the worst verdict, OK where there are none."""
    return max((result.verdict for result in results), default=Verdict.OK)


def exit_code_of_verdict(worst: Verdict) -> ExitCode:
    """Return what the command exits with."""
    codes = {Verdict.WARN: ExitCode.WARNED, Verdict.FAIL: ExitCode.FAILED}
    return codes.get(worst, ExitCode.OK)

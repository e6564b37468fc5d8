"""The table of all attacks, as Markdown."""

import math
from collections.abc import Iterable

from attacks.outcome import Outcome

_HEAD = (
    "| attack | listener | p99 without, with, ratio | failed calls | MiB before, at most, after "
    "one, two | well again after |\n| --- | --- | --- | --- | --- | --- |"
)


def table(outcomes: Iterable[Outcome]) -> str:
    """Return a row for each outcome."""
    return "\n".join([_HEAD, *(_row(outcome) for outcome in outcomes)])


def _row(outcome: Outcome) -> str:
    memory = outcome.memory
    sizes = [memory.before, max(memory.peaks), *memory.afterwards]
    times = f"{_ms(outcome.p99_without)}, {_ms(outcome.p99_with)} ms, {outcome.ratio:.1f}"
    cells = (
        "; ".join(attack.title for attack in outcome.attacks) + _goodput(outcome),
        outcome.listener,
        times,
        f"{sum(outcome.failures.values())} of {outcome.calls}",
        ", ".join(f"{size:.0f}" for size in sizes),
        "not" if math.isinf(outcome.recovery) else f"{outcome.recovery:.1f} s",
    )
    return f"| {' | '.join(cells)} |"


def _goodput(outcome: Outcome) -> str:
    if not outcome.takes_capacity:
        return ""
    figures = outcome.figures
    return f": {figures['goodput']:,.0f} of {figures['capacity']:,.0f} a second are served"


def _ms(seconds: float) -> str:
    return f"{seconds * 1_000:.1f}"

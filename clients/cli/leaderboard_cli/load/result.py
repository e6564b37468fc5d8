"""Counts the calls of a load, and shows the counts as a progress bar, a table, or for scripts."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from leaderboard_cli.latencies import PERCENTILES, Latencies, milliseconds
from leaderboard_cli.output import console, print_line

_KEPT = 0.98
"""The share of the due calls that must be begun for the rate to count as kept."""

_REFRESH_S = 0.25


@dataclass(slots=True)
class LoadResult:
    """Counts the calls of one load, in bounded space."""

    rate: float
    """The requested calls per second."""

    due: int = 0
    """How many calls were due before the load ended."""

    begun: int = 0
    """How many calls were begun."""

    answered: int = 0
    """How many calls were answered with OK."""

    errors: Counter[str] = field(default_factory=Counter)
    """The other calls, by status and, where the service gave one, by reason."""

    latency: Latencies = field(default_factory=Latencies)
    """How long all calls took from when they were due: to the answer, to the failure, or to the end
    of the load for calls that were cut off or not begun. A server that stalls therefore shows in
    the latency of every call that it delayed."""

    answer: Latencies = field(default_factory=Latencies)
    """The same, only for the calls that were answered with OK."""

    lateness: Latencies = field(default_factory=Latencies)
    """The time from when each call was due until it was begun, or until the end of the load."""

    seconds: float = 0.0
    """How long the load took."""

    def add(self, latency: float, *, answered: bool) -> None:
        """Count how long a call took that was begun."""
        self.latency.add(latency)
        if answered:
            self.answered += 1
            self.answer.add(latency)

    @property
    def ended(self) -> int:
        """How many calls ended, answered or failed."""
        return self.answered + self.failed

    @property
    def failed(self) -> int:
        """How many calls failed."""
        return self.errors.total()

    @property
    def achieved_rate(self) -> float:
        """The calls that ended per second, on average."""
        return self.ended / self.seconds if self.seconds else 0.0

    @property
    def left_out(self) -> int:
        """How many calls were due and not begun."""
        return self.due - self.begun

    @property
    def cut_off(self) -> int:
        """How many calls were in flight when the load was stopped early."""
        return self.begun - self.ended

    @property
    def kept(self) -> bool:
        """Whether the calls were made at the requested rate."""
        return self.begun >= self.due * _KEPT

    def as_record(self) -> dict[str, Any]:
        """Return the result for scripts."""
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


async def show_progress(result: LoadResult, name: str, duration: float) -> None:
    """Show a progress bar on stderr until this is cancelled, if that is a terminal.

    Args:
        result: The counts.

        name: The name to show.

        duration: The length of the load, in seconds.
    """
    screen = console(stderr=True)
    clock = asyncio.get_running_loop().time
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[counts]}", markup=False),
        TimeRemainingColumn(),
        console=screen,
        disable=not screen.is_terminal,
        auto_refresh=False,
    )
    task = bar.add_task(name, total=duration, counts="")
    began = clock()
    with bar:
        while True:
            elapsed = clock() - began
            rate = result.ended / max(elapsed, _REFRESH_S)
            counts = f"{rate:,.0f}/s, p99 {milliseconds(result.latency.percentile(99))}"
            counts += f", {result.failed:,} failed" if result.failed else ""
            bar.update(task, completed=min(elapsed, duration), counts=counts, refresh=True)
            await asyncio.sleep(_REFRESH_S)


def print_summary(result: LoadResult) -> None:
    """Print the result for people."""
    cut_off = f", {result.cut_off:,} cut off" if result.cut_off else ""
    print_line(
        f"{result.ended:,} calls in {result.seconds:.1f} s: {result.achieved_rate:,.0f}/s "
        f"of {result.rate:,g}/s requested, {result.failed:,} failed{cut_off}"
    )
    table = Table("", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in (*(f"p{percent:g}" for percent in PERCENTILES), "max"):
        table.add_column(heading, justify="right")
    rows = {"latency": result.latency, "lateness": result.lateness}
    if result.answered < result.due:
        rows["answered"] = result.answer
    for name, latencies in rows.items():
        values = [*map(latencies.percentile, PERCENTILES), latencies.longest]
        table.add_row(Text(name), *(Text(milliseconds(value)) for value in values))
    console().print(table)
    for status, count in result.errors.most_common():
        print_line(f"{status}: {count:,}")
    if not result.kept:
        print_line(
            f"the rate was not kept: {result.left_out:,} calls were due and not begun, because the "
            "server or this process was at its limit, or --concurrency too low"
        )

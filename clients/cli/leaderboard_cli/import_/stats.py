"""Counts the events of an import, and shows its progress on a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import BinaryIO, Protocol

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from leaderboard_cli.import_.lines import BadLine
from leaderboard_cli.output import console, counted, print_line, safe

MAX_LISTED = 20
"""How many bad lines are listed; the others are only counted."""


@dataclass(slots=True)
class BadLines:
    """Counts the bad lines of a file, and keeps the first ones."""

    skipped: int = 0
    """Bad lines, and events that the service rejected."""

    bad_lines: list[BadLine] = field(default_factory=list)
    """The first bad lines."""

    def add_bad_line(self, line: BadLine) -> None:
        """Count a bad line."""
        self.skipped += 1
        if len(self.bad_lines) < MAX_LISTED:
            self.bad_lines.append(line)

    def bad_lines_record(self) -> list[dict[str, object]]:
        """Return the first bad lines for a script."""
        return [{"line": line.number, "reason": line.reason} for line in self.bad_lines]


@dataclass(slots=True)
class ImportStats(BadLines):
    """Counts the events or rows of one import."""

    thing: str = "event"
    """What a line is."""

    counted: int = 0
    """Events that the service accepted for the first time."""

    repeated: int = 0
    """Events that the service had accepted before, in an earlier import or attempt."""

    @property
    def seen(self) -> int:
        """How many lines have a result."""
        return self.sent + self.skipped

    @property
    def sent(self) -> int:
        """How many events the service accepted, now or before."""
        return self.counted + self.repeated

    def __str__(self) -> str:
        """Return the counts in one line."""
        sent = counted(self.sent, self.thing)
        return f"sent {sent} ({self.counted:,} counted, {self.repeated:,} repeated)"


class Progressing(Protocol):
    """The counts of a file that is being read."""

    @property
    def seen(self) -> int:
        """How many lines have a result."""


def print_bad_lines(lines: BadLines, *, but: BadLine | None = None) -> None:
    """Print the first bad lines on stderr, and how many more there are.

    Args:
        lines: The bad lines.

        but: A line that is not printed, because the error that ends the command names it.
    """
    for line in sorted(lines.bad_lines, key=attrgetter("number")):
        if line != but:
            print_line(str(line), stderr=True)
    unlisted = lines.skipped - len(lines.bad_lines)
    if unlisted:
        print_line(f"and {unlisted:,} more bad lines", stderr=True)


@contextmanager
def import_progress(file: BinaryIO, name: str, stats: Progressing) -> Iterator[Callable[[], None]]:
    """Show a progress bar on stderr during the block, if that is a terminal.

    The share and the time left follow from the bytes read. For a file without a size, such as a
    pipe, they are unknown.

    Args:
        file: The file that is read.

        name: The name to show.

        stats: The counts.

    Yields:
        A function that shows the current counts and position.
    """
    screen = console(stderr=True)
    seekable = file.seekable()
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[events]:,} events, {task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
        console=screen,
        disable=not screen.is_terminal,
    )
    task = bar.add_task(safe(name), total=_size(file) if seekable else None, events=0, rate=0.0)

    def advance() -> None:
        events = stats.seen
        elapsed = bar.tasks[task].elapsed
        bar.update(
            task,
            completed=file.tell() if seekable else 0,
            events=events,
            rate=events / elapsed if elapsed else 0.0,
        )

    with bar:
        yield advance


def _size(file: BinaryIO) -> int:
    here = file.tell()
    size = file.seek(0, 2)
    file.seek(here)
    return size

"""Checks a whole file of score events without sending it, for `--dry-run`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, NoReturn

import typer

from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.file_format import FileFormat
from leaderboard_cli.import_.event_file import (
    EventFileError,
    EventLine,
    read_events,
)
from leaderboard_cli.import_.lines import BadLine
from leaderboard_cli.import_.stats import BadLines, import_progress, print_bad_lines
from leaderboard_cli.output import counted, print_line, print_record

_LINES_BETWEEN_PICTURES = 1000


@dataclass(slots=True)
class _CheckStats(BadLines):
    """Counts the events that an import would send."""

    events: int = 0
    contests: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)

    @property
    def seen(self) -> int:
        """How many lines have a result."""
        return self.events + self.skipped

    def add(self, line: EventLine | BadLine) -> None:
        """Count a line."""
        if isinstance(line, BadLine):
            self.add_bad_line(line)
            return
        self.events += 1
        self.contests.add(line.update.contest_id)
        self.users.add(line.update.user_id)

    def as_record(self) -> dict[str, object]:
        """Return the counts for a script."""
        return {
            "dry_run": True,
            "events": self.events,
            "contests": len(self.contests),
            "users": len(self.users),
            "skipped": self.skipped,
            "bad_lines": self.bad_lines_record(),
        }

    def __str__(self) -> str:
        """Return the counts in one line."""
        found = [
            counted(self.events, "event"),
            counted(len(self.contests), "contest"),
            counted(len(self.users), "user"),
            counted(self.skipped, "bad line"),
        ]
        return "{} of {} and {}, {}; nothing was sent".format(*found)


def check_events(
    lines: Iterable[bytes],
    file: BinaryIO,
    name: str,
    file_format: FileFormat,
    *,
    skip_bad: bool,
    as_json: bool,
) -> NoReturn:
    """Read a whole file, print what an import would send, and end the command.

    Args:
        lines: The lines of the file.

        file: The file, to show how much of it was read.

        name: Its name, to show.

        file_format: Its format.

        skip_bad: An import would go on after bad lines, which decides the exit code.

        as_json: Print JSON.

    Raises:
        CommandError: The file as a whole can't be read as events.
    """
    stats = _CheckStats()
    with import_progress(file, name, stats) as advance:
        for line in _lines(lines, file_format):
            stats.add(line)
            if stats.seen % _LINES_BETWEEN_PICTURES == 0:
                advance()
    if as_json:
        print_record(stats.as_record())
    else:
        print_bad_lines(stats)
        print_line(f"{name}: {stats}")
    bad = ExitCode.SKIPPED if skip_bad else ExitCode.BAD_LINES
    raise typer.Exit(bad if stats.skipped else ExitCode.OK)


def _lines(lines: Iterable[bytes], file_format: FileFormat) -> Iterator[EventLine | BadLine]:
    try:
        yield from read_events(lines, file_format)
    except EventFileError as error:
        raise CommandError(str(error), ExitCode.BAD_LINES) from None

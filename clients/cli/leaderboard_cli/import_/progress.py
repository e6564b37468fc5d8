"""The progress bar of an import, on stderr and for terminals only."""

from types import TracebackType
from typing import BinaryIO, Self

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from leaderboard_cli.import_.stats import ImportStats
from leaderboard_cli.output import console, safe


class ImportProgress:
    """Shows how far an import is: the share of the file, events, their rate and the time left.

    It is a context manager around the import. The share and the time left are those of the bytes
    read; for a file that has no size, such as a pipe, they stay open.
    """

    def __init__(self, file: BinaryIO, name: str, stats: ImportStats) -> None:
        """Prepare the bar.

        Args:
            file: The file as it is being read.

            name: What to call it.

            stats: What is counted meanwhile.
        """
        screen = console(stderr=True)
        self._file = file
        self._stats = stats
        self._seekable = file.seekable()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[events]:,} events, {task.fields[rate]:,.0f}/s"),
            TimeRemainingColumn(),
            console=screen,
            disable=not screen.is_terminal,
        )
        size = self._size() if self._seekable else None
        self._task = self._bar.add_task(safe(name), total=size, events=0, rate=0.0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def advance(self) -> None:
        """Show what the stats and the file say now."""
        events = self._stats.sent + self._stats.skipped
        elapsed = self._bar.tasks[self._task].elapsed
        self._bar.update(
            self._task,
            completed=self._file.tell() if self._seekable else 0,
            events=events,
            rate=events / elapsed if elapsed else 0.0,
        )

    def _size(self) -> int:
        here = self._file.tell()
        size = self._file.seek(0, 2)
        self._file.seek(here)
        return size

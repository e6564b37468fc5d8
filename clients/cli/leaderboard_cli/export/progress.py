"""Shows on a terminal how far an export is."""

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from leaderboard_cli.output import console, safe


class ExportProgress(Progress):
    """A bar on stderr with the rows, if that is a terminal."""

    def __init__(self, contest: str) -> None:
        """Prepare the display; it is shown within its block.

        Args:
            contest: The contest.
        """
        screen = console(stderr=True)
        super().__init__(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.completed:,} of {task.total:,} rows"),
            TimeRemainingColumn(),
            console=screen,
            disable=not screen.is_terminal,
            transient=True,
        )
        self._contest = safe(contest)
        self._task = self.add_task(f"reading {self._contest}", total=0)

    def show_read(self, rows: int, total: int) -> None:
        """Show how many rows are read."""
        self.update(self._task, description=f"reading {self._contest}", completed=rows, total=total)

    def show_written(self, rows: int, total: int) -> None:
        """Show how many rows are written."""
        self.update(self._task, description=f"writing {self._contest}", completed=rows, total=total)

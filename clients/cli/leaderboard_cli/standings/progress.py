"""Shows on a terminal how many rows of a board are read or written."""

from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from leaderboard_cli.output import console, safe


class RowsProgress(Progress):
    """A bar on stderr with the rows, if that is a terminal."""

    def __init__(self, name: str) -> None:
        """Prepare the display; it is shown within its block.

        Args:
            name: The contest or file.
        """
        screen = console(stderr=True)
        super().__init__(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rows]}", markup=False),
            TimeRemainingColumn(),
            console=screen,
            disable=not screen.is_terminal,
            transient=True,
        )
        self._name = safe(name)
        self._task = self.add_task(self._name, total=None, rows="")

    def show(self, doing: str, rows: int, total: int | None) -> None:
        """Show a step, such as `reading`, with the rows that are done and that there are."""
        self.update(
            self._task,
            description=f"{doing} {self._name}",
            completed=rows,
            total=total,
            rows=f"{rows:,} rows" if total is None else f"{rows:,} of {total:,} rows",
        )

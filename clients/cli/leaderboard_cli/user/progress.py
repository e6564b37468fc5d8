"""Shows on a terminal how far a command is that goes through all contests."""

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from leaderboard_cli.output import console, safe


class ContestsProgress(Progress):
    """A line on stderr with counts, if that is a terminal; how much there is to do is not known."""

    def __init__(self, doing: str) -> None:
        """Prepare the display; it is shown within its block.

        Args:
            doing: What is done: `erasing ada`.
        """
        screen = console(stderr=True)
        super().__init__(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TextColumn("{task.fields[counts]}", markup=False),
            TimeElapsedColumn(),
            console=screen,
            disable=not screen.is_terminal,
            transient=True,
        )
        self._task = self.add_task(safe(doing), total=None, counts="")

    def show(self, counts: str) -> None:
        """Show the counts of now."""
        self.update(self._task, counts=counts)

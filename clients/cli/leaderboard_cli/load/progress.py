"""The progress bar of a load, on stderr and for terminals only."""

import asyncio

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from leaderboard_cli.latencies import milliseconds
from leaderboard_cli.load.result import Result
from leaderboard_cli.output import console

_INTERVAL = 0.25


async def show_progress(result: Result, name: str, duration: float) -> None:
    """Show how a load goes, until this is cancelled.

    Args:
        result: What is counted meanwhile.

        name: What to call it.

        duration: How long it takes, in seconds.
    """
    screen = console(stderr=True)
    clock = asyncio.get_running_loop().time
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[told]}", markup=False),
        TimeRemainingColumn(),
        console=screen,
        disable=not screen.is_terminal,
        auto_refresh=False,
    )
    task = bar.add_task(name, total=duration, told="")
    began = clock()
    with bar:
        while True:
            elapsed = clock() - began
            told = (
                f"{result.ended / max(elapsed, _INTERVAL):,.0f}/s"
                f", p99 {milliseconds(result.latency.percentile(99))}"
            )
            told += f", {result.failed:,} failed" if result.failed else ""
            bar.update(task, completed=min(elapsed, duration), told=told, refresh=True)
            await asyncio.sleep(_INTERVAL)

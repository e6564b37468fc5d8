"""Runs an import to its end, and reports it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import typer

from leaderboard_cli.failures import CallError, CommandError, ExitCode
from leaderboard_cli.import_.event_file import EventFileError, EventLine
from leaderboard_cli.import_.lines import BadLine
from leaderboard_cli.import_.sender import BadLineError, Sender
from leaderboard_cli.import_.stats import ImportStats, print_bad_lines
from leaderboard_cli.output import print_line, print_record

_GO_ON = "import the file again to go on, nothing counts twice"


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an import ended before the end of the file."""

    why: str
    exit_code: ExitCode
    line: BadLine | None = None


def report_import(stats: ImportStats, seconds: float, stop: Stop | None, *, as_json: bool) -> None:
    """Print the summary of an import, and end the command unless all lines were sent."""
    rate = round(stats.sent / seconds, 1) if seconds else 0.0
    if as_json:
        print_record(_record(stats, seconds, rate, stop))
    else:
        print_bad_lines(stats, but=stop.line if stop else None)
    if stop:
        raise CommandError(f"{stats}, {stop.why}", stop.exit_code)
    if not as_json:
        skipped = f", skipped {stats.skipped:,}" if stats.skipped else ""
        print_line(f"{stats}{skipped} in {seconds:.1f} s, {rate:,.0f}/s")
    if stats.skipped:
        raise typer.Exit(ExitCode.SKIPPED)


def run_import(
    sender: Sender, lines: Iterable[EventLine | BadLine], on_batch: Callable[[], None]
) -> Stop | None:
    """Send all lines, and return why it stopped before the end, if it did.

    Args:
        sender: Sends them.

        lines: The lines, in order.

        on_batch: Called after each batch.
    """
    try:
        sender.run(lines, on_batch)
    except KeyboardInterrupt:
        return Stop(f"interrupted; {_GO_ON}", ExitCode.INTERRUPTED)
    except EventFileError as error:
        return Stop(f"stopped at {error}", ExitCode.BAD_LINES)
    except BadLineError as error:
        return Stop(f"stopped at {error}", ExitCode.BAD_LINES, error.line)
    except CallError as error:
        go_on = "" if error.is_final else f"; {_GO_ON}"
        return Stop(f"stopped: {error}{go_on}", error.exit_code)
    return None


def _record(
    stats: ImportStats, seconds: float, rate: float, stop: Stop | None
) -> dict[str, object]:
    return {
        "sent": stats.sent,
        "counted": stats.counted,
        "repeated": stats.repeated,
        "skipped": stats.skipped,
        "bad_lines": stats.bad_lines_record(),
        "seconds": round(seconds, 3),
        f"{stats.thing}s_per_second": rate,
        "stopped": stop.why if stop else None,
    }

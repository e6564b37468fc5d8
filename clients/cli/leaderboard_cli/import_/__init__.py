"""The command `import`: sends a file of score events, and counts each of them once."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from leaderboard_cli.connection import Connection
from leaderboard_cli.failures import CallError, CommandError, ExitCode
from leaderboard_cli.file_format import GivenFormat, file_format_of
from leaderboard_cli.import_.check import check_events
from leaderboard_cli.import_.event_file import (
    EventFileError,
    EventLine,
    read_events,
)
from leaderboard_cli.import_.lines import BadLine
from leaderboard_cli.import_.sender import BadLineError, Sender
from leaderboard_cli.import_.stats import ImportStats, import_progress, print_bad_lines
from leaderboard_cli.options import MAX_ROWS, AsJson, calls_server, examples
from leaderboard_cli.output import print_line, print_record
from leaderboard_cli.target import Target

_GO_ON = "import the file again to go on, nothing counts twice"

EXAMPLES = examples(
    ("leaderboard import goals.csv", "sends the events of a file, each once"),
    ("leaderboard import goals.csv --dry-run", "checks the whole file, and sends nothing"),
    ("leaderboard import goals.csv --skip-bad", "goes on after bad lines"),
    ("zcat goals.jsonl.gz | leaderboard import - --format jsonl", "reads from another program"),
)


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why an import ended before the end of the file."""

    why: str
    exit_code: ExitCode
    line: BadLine | None = None


@calls_server
def import_events(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="The file; - is the standard input."),
    ],
    *,
    file_format: GivenFormat = None,
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad",
            help=f"Go on after bad lines instead of stopping; "
            f"the exit code is then {ExitCode.SKIPPED.value}.",
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Check the whole file and print what would be sent; send nothing."
        ),
    ] = False,
    batch_size: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=MAX_ROWS, help="How many events are sent together."),
    ] = 500,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Send a file of score events, in order.

    The file is CSV with a header, or JSON lines, with the columns contest_id, user_id and points,
    and optionally event_time, event_type, display_name, mode and request_id, in any order. A column
    such as attributes.team, or an object attributes in JSON, has data that are shown with the user.

    A file that is imported again counts once, also after lines were appended to it: each event gets
    a request id that follows from its values. Two equal events of one file count twice. The service
    remembers the ids for its configured time, 24 hours by default.

    A bad line stops the import, and nothing after it is sent. A problem that only the service can
    find, such as a score beyond the bounds or a display name with invisible characters, is found
    after its batch was sent; the summary says how many later lines were sent with it. With
    --batch-size 1 there are none. With --dry-run nothing is sent and no server is needed; all bad
    lines are found but those that only the service can find.
    """
    name = Path(str(file.name)).name
    chosen = file_format_of(name, file_format)
    if dry_run:
        check_events(file, name, chosen, skip_bad=skip_bad, as_json=as_json)
    stats, started = ImportStats(), time.monotonic()
    with Connection(target) as connection, import_progress(file, name, stats) as advance:
        send = connection.batch_update_scores
        sender = Sender(
            send, stats, batch_size=batch_size, skip_bad=skip_bad, timeout=target.timeout
        )
        stop = _run(sender, read_events(file, chosen), advance)
    _report(stats, time.monotonic() - started, stop, as_json=as_json)


def _report(stats: ImportStats, seconds: float, stop: _Stop | None, *, as_json: bool) -> None:
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


def _run(
    sender: Sender, lines: Iterable[EventLine | BadLine], on_batch: Callable[[], None]
) -> _Stop | None:
    try:
        sender.run(lines, on_batch)
    except KeyboardInterrupt:
        return _Stop(f"interrupted; {_GO_ON}", ExitCode.INTERRUPTED)
    except EventFileError as error:
        return _Stop(f"stopped at {error}", ExitCode.BAD_LINES)
    except BadLineError as error:
        return _Stop(f"stopped at {error}", ExitCode.BAD_LINES, error.line)
    except CallError as error:
        go_on = "" if error.is_final else f"; {_GO_ON}"
        return _Stop(f"stopped: {error}{go_on}", error.exit_code)
    return None


def _record(
    stats: ImportStats, seconds: float, rate: float, stop: _Stop | None
) -> dict[str, object]:
    return {
        "sent": stats.sent,
        "counted": stats.counted,
        "repeated": stats.repeated,
        "skipped": stats.skipped,
        "bad_lines": stats.bad_lines_record(),
        "seconds": round(seconds, 3),
        "events_per_second": rate,
        "stopped": stop.why if stop else None,
    }

"""The command `import` itself: its options, its progress bar and its summary."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from leaderboard_cli.connection import Connection
from leaderboard_cli.examples import examples
from leaderboard_cli.exit_codes import ExitCode
from leaderboard_cli.failures import CallError, CommandError
from leaderboard_cli.import_.progress import ImportProgress
from leaderboard_cli.import_.sender import BadLineError, Sender
from leaderboard_cli.import_.stats import ImportStats
from leaderboard_cli.options import (
    MAX_ROWS,
    AsJson,
)
from leaderboard_cli.output import print_line, print_record
from leaderboard_cli.target import Target, calls_server
from leaderboard_client.event_file import (
    BadLine,
    EventFileError,
    EventFormat,
    EventLine,
    read_events,
)

_SUFFIXES = {
    ".csv": EventFormat.CSV,
    ".jsonl": EventFormat.JSONL,
    ".ndjson": EventFormat.JSONL,
}

_GO_ON = "import the file again to go on, nothing counts twice"


@dataclass(frozen=True, slots=True)
class _Stop:
    why: str
    exit_code: ExitCode
    line: BadLine | None = None


class _Summary(TypedDict):
    sent: int
    counted: int
    repeated: int
    skipped: int
    bad_lines: list[dict[str, int | str]]
    seconds: float
    events_per_second: float
    stopped: str | None


EXAMPLES = examples(
    ("leaderboard import goals.csv", "sends the events of a file, each once"),
    ("leaderboard import goals.csv --skip-bad", "goes on after bad lines"),
    ("zcat goals.jsonl.gz | leaderboard import - --format jsonl", "reads what another one writes"),
)


@calls_server
def import_events(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="The file; - is the standard input."),
    ],
    *,
    file_format: Annotated[
        EventFormat | None,
        typer.Option("--format", help="How the file is written.", show_default="by its suffix"),
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Go on after bad lines instead of stopping.")
    ] = False,
    batch_size: Annotated[
        int, typer.Option(metavar="N", min=1, max=MAX_ROWS, help="How many events go together.")
    ] = 500,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Send a file of score events, in order.

    The file is CSV with a header, or JSON lines, with the columns contest_id, user_id and points,
    and if wanted event_time, event_type, display_name, mode and request_id, in any order.

    Imported again, a file counts once, also when lines were appended to it: each event gets a
    request id that follows from what it says. Two equal events of one file count twice. The service
    remembers the ids for its configured time, 24 hours unless set otherwise.

    A bad line stops the import and nothing after it is sent. Only what the service alone can know,
    such as a score that would pass the bounds, is found after its batch was sent; the summary says
    how much went with it. With --batch-size 1 nothing does.
    """
    name = Path(str(file.name)).name
    chosen = file_format or _SUFFIXES.get(Path(name).suffix.lower())
    if not chosen:
        raise typer.BadParameter("say how the file is written: --format csv or --format jsonl")
    stats, began = ImportStats(), time.monotonic()
    with Connection(target) as connection, ImportProgress(file, name, stats) as progress:
        send = connection.batch_update_scores
        sender = Sender(
            send, stats, batch_size=batch_size, skip_bad=skip_bad, patience=target.timeout
        )
        stop = _run(sender, read_events(file, chosen), progress)
    _name_skipped(stats, stop)
    summary = _summary(stats, time.monotonic() - began, stop)
    if as_json:
        print_record(summary)
    if stop:
        raise CommandError(f"{stats}, {stop.why}", stop.exit_code)
    if not as_json:
        skipped = f", skipped {stats.skipped:,}" if stats.skipped else ""
        pace = f"in {summary['seconds']:.1f} s, {summary['events_per_second']:,.0f}/s"
        print_line(f"{stats}{skipped} {pace}")


def _run(
    sender: Sender, lines: Iterable[EventLine | BadLine], progress: ImportProgress
) -> _Stop | None:
    try:
        sender.run(lines, progress.advance)
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


def _name_skipped(stats: ImportStats, stop: _Stop | None) -> None:
    for line in sorted(stats.named, key=attrgetter("number")):
        if not stop or line != stop.line:
            print_line(str(line), stderr=True)
    unnamed = stats.skipped - len(stats.named)
    if unnamed:
        print_line(f"and {unnamed:,} more bad lines", stderr=True)


def _summary(stats: ImportStats, seconds: float, stop: _Stop | None) -> _Summary:
    return {
        "sent": stats.sent,
        "counted": stats.counted,
        "repeated": stats.repeated,
        "skipped": stats.skipped,
        "bad_lines": [{"line": line.number, "reason": line.reason} for line in stats.named],
        "seconds": round(seconds, 3),
        "events_per_second": round(stats.sent / seconds, 1) if seconds else 0.0,
        "stopped": stop.why if stop else None,
    }

"""The command `import`: sends a file of score events, each of them once, or of standings."""

import time
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer

from leaderboard_cli.connection import Connection
from leaderboard_cli.failures import ExitCode
from leaderboard_cli.file_format import GivenFormat, file_format_of
from leaderboard_cli.import_.check import check_events
from leaderboard_cli.import_.event_file import read_events
from leaderboard_cli.import_.run import report_import, run_import
from leaderboard_cli.import_.sender import Sender
from leaderboard_cli.import_.standings import check_standings, import_standings
from leaderboard_cli.import_.standings_file import are_standings
from leaderboard_cli.import_.stats import ImportStats, import_progress
from leaderboard_cli.options import MAX_ROWS, AsJson, calls_server, examples
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard import goals.csv", "sends the events of a file, each once"),
    ("leaderboard import goals.csv --dry-run", "checks the whole file, and sends nothing"),
    ("leaderboard import goals.csv --skip-bad", "goes on after bad lines"),
    ("leaderboard import final.csv --contest archive", "makes the board that was exported"),
    ("zcat goals.jsonl.gz | leaderboard import - --format jsonl", "reads from another program"),
)


@calls_server
def import_file(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="The file; - is the standard input."),
    ],
    *,
    file_format: GivenFormat = None,
    contest: Annotated[
        str | None,
        typer.Option(metavar="CONTEST", help="The contest that gets the board of standings."),
    ] = None,
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
        typer.Option(metavar="N", min=1, max=MAX_ROWS, help="How many lines are sent together."),
    ] = 500,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Send a file of score events, in order, or make the board of exported standings.

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

    A file that `leaderboard export` wrote is recognised by its first line. With --contest it makes
    an equal board, ties included, in a contest without users; one that does not exist is created
    with the rules of the file. The whole file is checked before. Repeat it to go on after an error.
    """
    name = Path(str(file.name)).name
    chosen = file_format_of(name, file_format)
    first = file.readline()
    lines = chain([first], file)
    if are_standings(first, chosen):
        _check_options(contest, dry_run=dry_run, skip_bad=skip_bad)
        if dry_run or not contest:
            check_standings(lines, name, chosen, as_json=as_json)
            return
        import_standings(
            lines, name, chosen, contest, target, batch_size=batch_size, as_json=as_json
        )
        return
    if contest:
        raise typer.BadParameter("--contest is for standings; events name their contest")
    if dry_run:
        check_events(lines, file, name, chosen, skip_bad=skip_bad, as_json=as_json)
    stats, started = ImportStats(), time.monotonic()
    with Connection(target) as connection, import_progress(file, name, stats) as advance:
        send = connection.batch_update_scores
        sender = Sender(
            send, stats, batch_size=batch_size, skip_bad=skip_bad, timeout=target.timeout
        )
        stop = run_import(sender, read_events(lines, chosen), advance)
    report_import(stats, time.monotonic() - started, stop, as_json=as_json)


def _check_options(contest: str | None, *, dry_run: bool, skip_bad: bool) -> None:
    """Raise BadParameter unless standings can be imported with these options."""
    if skip_bad:
        raise typer.BadParameter("standings are imported as a whole: leave out --skip-bad")
    if not contest and not dry_run:
        raise typer.BadParameter("the file has standings: add --contest CONTEST")

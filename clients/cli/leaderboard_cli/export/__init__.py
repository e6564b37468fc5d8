"""The command `export`: the whole board of a contest as a file, as of one position."""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import GetContestRequest
from leaderboard_cli.connection import Connection
from leaderboard_cli.export.destination import check_destination, destination
from leaderboard_cli.export.encoding import encode_csv, encode_jsonl
from leaderboard_cli.export.kept import KeptReader
from leaderboard_cli.export.live import LiveReader, OnProgress, SeasonOverError
from leaderboard_cli.export.source import ServiceSource
from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.file_format import FileFormat, GivenFormat, file_format_of
from leaderboard_cli.options import AsJson, Contest, Season, calls_server, examples
from leaderboard_cli.output import counted, print_notice, print_summary
from leaderboard_cli.standings.board import Standings
from leaderboard_cli.standings.progress import RowsProgress
from leaderboard_cli.target import Target
from leaderboard_client.watch_session import TROUBLES

EXAMPLES = examples(
    ("leaderboard export chess --output chess.csv", "saves the whole board as CSV"),
    ("leaderboard export chess --season -1 --output last.jsonl", "saves the season before"),
    ("leaderboard export chess --format jsonl | gzip > chess.jsonl.gz", "writes to a pipe"),
)


_BEFORE = -1
"""The season before the current one."""

_ENCODERS: dict[FileFormat, Callable[[Standings], Iterator[tuple[int, bytes]]]] = {
    FileFormat.CSV: encode_csv,
    FileFormat.JSONL: encode_jsonl,
}


@calls_server
def export(
    contest: Contest,
    *,
    season: Season = 0,
    file_format: GivenFormat = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="The file; - is the standard output.",
            show_default="the standard output",
        ),
    ] = None,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Save all rows of a contest, best first, as CSV or as JSON lines.

    The contest may change meanwhile: the file has the board as it was at one position, which is
    printed on stderr at the end, and is also in the first of the JSON lines. If the season ends
    meanwhile, the file has the season as it ended.

    CSV has the columns place, rank, user_id, score, display_name and attributes, which are JSON. A
    text that a spreadsheet could take for a formula has an apostrophe before it. `leaderboard
    import` reads both formats, removes the apostrophes, and makes an equal board.
    """
    encode = _ENCODERS[file_format_of(output.name if output else "", file_format)]
    check_destination(output)
    started = time.monotonic()
    with RowsProgress(contest) as progress:
        on_progress = partial(progress.show, "reading")
        standings = _read(target, contest, season, on_progress, as_json=as_json)
        with destination(output) as file:
            for rows, part in encode(standings):
                file.write(part)
                progress.show("writing", rows, len(standings.rows))
    _report(standings, time.monotonic() - started, as_json=as_json)


def _read(
    target: Target, contest: str, season: int, on_progress: OnProgress, *, as_json: bool
) -> Standings:
    """Read a board.

    Args:
        target: The service.

        contest: The contest.

        season: The number of the season, -1 for the one before the current one, or 0 for that one.

        on_progress: Called with the number of rows so far, and of all rows.

        as_json: Print JSON on stderr if the season ends meanwhile.
    """
    with Connection(target) as connection, ServiceSource(connection, target) as source:
        kept = partial(_read_kept, connection, contest, on_progress=on_progress)
        if season:
            held = connection.get_contest(GetContestRequest(contest_id=contest))
            season = held.season - 1 if season == _BEFORE else season
            if season != held.season:
                return kept(season, held.rules)
        try:
            return LiveReader(source, contest, on_progress).read(season)
        except SeasonOverError as over:
            print_notice(f"season {over.season} ended meanwhile", as_json=as_json)
            held = connection.get_contest(GetContestRequest(contest_id=contest))
            return kept(over.season, held.rules)
        except TROUBLES as error:
            raise target.watch_error(error) from None


def _read_kept(
    connection: Connection,
    contest: str,
    season: int,
    rules: pb.ContestRules,
    *,
    on_progress: OnProgress,
) -> Standings:
    if season < 1:
        none = f"{contest} has no season before the current one"
        raise CommandError(none, ExitCode.NOT_FOUND)
    return KeptReader(connection.get_top_users, contest, season, on_progress).read(rules)


def _report(standings: Standings, seconds: float, *, as_json: bool) -> None:
    """Print the summary on stderr: stdout may be the file."""
    position, rows = standings.position, len(standings.rows)
    record = {
        "contest_id": standings.contest_id,
        "season": standings.season,
        "position": {"epoch": position.epoch, "revision": position.revision},
        "rows": rows,
        "seconds": round(seconds, 3),
    }
    text = (
        f"exported {counted(rows, 'row')} of {standings.contest_id}, season {standings.season}, "
        f"as of revision {position.revision} of epoch {position.epoch}, in {seconds:.1f} s"
    )
    print_summary(text, record, as_json=as_json)

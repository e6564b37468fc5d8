"""Imports standings: makes a board that is equal to that of the file, ties included.

The whole file is checked before anything is sent. Rows are sent one batch after the other, in an
order that reaches equal scores as the tie-break of the contest wants it. Their request ids follow
from the row and from the history of the contest, so an import that was interrupted goes on when it
is repeated.
"""

import time
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from uuid import UUID, uuid5

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import Contest, CreateContestRequest, GetContestRequest
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.formatting import format_settings
from leaderboard_cli.contest.settings import Setting
from leaderboard_cli.failures import CallError, CommandError, ExitCode
from leaderboard_cli.file_format import FileFormat
from leaderboard_cli.import_.event_file import EventLine
from leaderboard_cli.import_.run import Stop, report_import, run_import
from leaderboard_cli.import_.sender import Sender
from leaderboard_cli.import_.standings_file import (
    LoadedStandings,
    StandingsFileError,
    load_standings,
)
from leaderboard_cli.import_.stats import ImportStats
from leaderboard_cli.options import MAX_ROWS
from leaderboard_cli.output import counted, print_line, print_record
from leaderboard_cli.standings.progress import RowsProgress
from leaderboard_cli.target import Target

_NAMESPACE = UUID("b1f0a5d2-6d0f-4f0e-9a55-0d9c6a0c8f3e")
_SEPARATOR = "\x1f"


def import_standings(
    lines: Iterable[bytes],
    name: str,
    file_format: FileFormat,
    contest_id: str,
    target: Target,
    *,
    batch_size: int,
    as_json: bool,
) -> None:
    """Import standings, and report it.

    Args:
        lines: The raw lines of the file.

        name: Its name, to show.

        file_format: Its format.

        contest_id: The contest that gets the board.

        target: The service.

        batch_size: How many rows are sent together.

        as_json: Print JSON.

    Raises:
        CommandError: A line is bad, the contest can't have this board, or not all rows were sent.
    """
    stats, started = ImportStats(thing="row"), time.monotonic()
    with RowsProgress(name) as progress, Connection(target) as connection:
        standings = _load(lines, file_format, progress)
        contest = _prepared_contest(connection, contest_id, standings)
        send = connection.batch_update_scores
        sender = Sender(send, stats, batch_size=batch_size, skip_bad=False, timeout=target.timeout)
        stop = run_import(
            sender,
            _updates(contest, standings),
            lambda: progress.show("importing", stats.seen, len(standings.rows)),
        )
        stop = stop or _difference(connection, contest, standings)
    report_import(stats, time.monotonic() - started, stop, as_json=as_json)


def check_standings(
    lines: Iterable[bytes], name: str, file_format: FileFormat, *, as_json: bool
) -> None:
    """Read a whole file of standings, and print what an import would send.

    Raises:
        CommandError: A line is bad.
    """
    with RowsProgress(name) as progress:
        rows = len(_load(lines, file_format, progress).rows)
    if as_json:
        print_record({"dry_run": True, "rows": rows})
    else:
        print_line(f"{name}: {counted(rows, 'row')} of standings; nothing was sent")


def _load(
    lines: Iterable[bytes], file_format: FileFormat, progress: RowsProgress
) -> LoadedStandings:
    try:
        return load_standings(lines, file_format, partial(progress.show, "reading"))
    except StandingsFileError as error:
        raise CommandError(f"nothing was sent: {error}", ExitCode.BAD_LINES) from None


def _prepared_contest(
    connection: Connection, contest_id: str, standings: LoadedStandings
) -> Contest:
    """Return the contest for standings, which is created where there is none.

    Raises:
        CommandError: Its rules would lead to another board, it has other users, or a call failed.
    """
    request = GetContestRequest(contest_id=contest_id)
    try:
        contest = connection.get_contest(request)
    except CallError as error:
        if error.exit_code is not ExitCode.NOT_FOUND:
            raise
        described = standings.description
        rules = standings.shown.fitting(described.rules if described else pb.ContestRules())
        created = Contest(contest_id=contest_id, rules=rules)
        return connection.create_contest(CreateContestRequest(contest=created))
    if not standings.shown.fit(contest.rules):
        raise CommandError(_other_rules(contest, standings), ExitCode.REJECTED)
    if beyond := standings.shown.beyond(contest.rules):
        raise CommandError(_bounds(contest, beyond), ExitCode.REJECTED)
    if contest.total_users and not _has_begun(connection, contest, standings):
        users = counted(contest.total_users, "user")
        why = f"{contest_id} has {users} that are not of an earlier part of this import"
        raise CommandError(f"{why}; standings need a contest without users", ExitCode.REJECTED)
    return contest


def _other_rules(contest: Contest, standings: LoadedStandings) -> str:
    fitting = Contest(rules=standings.shown.fitting(contest.rules))
    held, needed = format_settings(contest), format_settings(fitting)
    settings = (Setting.ORDER, Setting.RANKS)
    has = " ".join(f"--{setting} {held[setting]}" for setting in settings)
    needs = " ".join(f"--{setting} {needed[setting]}" for setting in settings)
    return f"{contest.contest_id} has {has}; these standings need {needs}"


def _bounds(contest: Contest, beyond: list[str]) -> str:
    held = format_settings(contest)
    bounds = [Setting(name.replace("_", "-")) for name in beyond]
    has = " ".join(f"--{bound} {held[bound]}" for bound in bounds)
    return f"{contest.contest_id} has {has}; these standings have scores beyond"


def _has_begun(connection: Connection, contest: Contest, standings: LoadedStandings) -> bool:
    """Return whether the users of a contest are those of an import that was interrupted.

    Those are the rows that are sent first; up to as many of them as one call reads are compared.
    """
    if contest.total_users > len(standings.rows):
        return False
    first = islice(_in_order(contest, standings), min(contest.total_users, MAX_ROWS))
    scores = {user.user_id: user.score for _, user in first}
    request = pb.BatchGetUserRanksRequest(contest_id=contest.contest_id, user_ids=scores)
    found = connection.batch_get_user_ranks(request).users
    return {user.user_id: user.score for user in found} == scores


def _in_order(contest: Contest, standings: LoadedStandings) -> Iterator[tuple[int, pb.RankedUser]]:
    """Yield the place and the row of each user, in the order to send them.

    Of equal scores the one that is reached first is sent first.
    """
    rows, places = standings.rows, range(1, len(standings.rows) + 1)
    if contest.rules.tie_break == pb.TIE_BREAK_LAST_REACHED:
        ordered = zip(reversed(places), reversed(rows), strict=True)
    else:
        ordered = zip(places, rows, strict=True)
    for place, row in ordered:
        yield place, pb.RankedUser.FromString(row)


def _updates(contest: Contest, standings: LoadedStandings) -> Iterator[EventLine]:
    """Yield the updates that lead to the rows of standings, in order."""
    for place, user in _in_order(contest, standings):
        update = pb.UpdateScoreRequest(
            contest_id=contest.contest_id,
            user_id=user.user_id,
            points=user.score,
            mode=pb.UPDATE_MODE_SET,
            request_id=_request_id(contest, place, user),
            display_name=user.display_name,
            attributes=user.attributes,
            season=contest.season,
        )
        yield EventLine(place + 1, update)  # the first line is no row


def _request_id(contest: Contest, place: int, user: pb.RankedUser) -> str:
    """Return the request id of a row: the same one as long as the board has the same history."""
    attributes = (f"{key}={value}" for key, value in sorted(user.attributes.items()))
    content = (contest.position.epoch, str(place), user.user_id, str(user.score))
    return str(uuid5(_NAMESPACE, _SEPARATOR.join((*content, user.display_name, *attributes))))


def _difference(
    connection: Connection, contest: Contest, standings: LoadedStandings
) -> Stop | None:
    """Return why the board is not that of the standings after all rows were sent, if it isn't."""
    now = connection.get_contest(GetContestRequest(contest_id=contest.contest_id))
    if now.position.epoch != contest.position.epoch:
        return Stop("but the contest began again meanwhile", ExitCode.REJECTED)
    if now.total_users != len(standings.rows):
        users = counted(now.total_users, "user")
        why = f"but the board has {users}: others wrote, or users of the file are hidden"
        return Stop(why, ExitCode.REJECTED)
    return None

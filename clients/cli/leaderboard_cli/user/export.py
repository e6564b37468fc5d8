"""The command `user export`: the rows of a user in all contests and seasons, as JSON lines."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import Contest, ListContestsRequest, ListSeasonsRequest
from leaderboard_cli.connection import Connection
from leaderboard_cli.failures import CallError, ExitCode
from leaderboard_cli.options import MAX_ROWS, User, calls_server, examples
from leaderboard_cli.output import counted, print_notice, print_record
from leaderboard_cli.target import Target
from leaderboard_cli.user.progress import ContestsProgress
from leaderboard_cli.user.rows import hidden_users, user_record
from leaderboard_client.update_rules import check_user_id

EXAMPLES = examples(
    ("leaderboard user export ada > ada.jsonl", "saves what all contests hold of a user"),
    ("leaderboard user export ada | jq -r .contest_id", "prints the contests of a user"),
)


@calls_server
def export(
    user: User,
    *,
    target: Target,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON on stderr too; rows are JSON anyway.")
    ] = False,
) -> None:
    """Print the rows of a user in every contest, also where it is hidden, as lines of JSON.

    A line has the season of the row: the current one, and those that are kept, but not a row that
    was hidden when its season ended. Where the user is hidden without a score, the score is null.
    All contests are read one after the other. A contest that begins meanwhile, or in which the user
    is shown again meanwhile, may be missing.
    """
    check_user_id(user)
    request = ListContestsRequest(page_size=MAX_ROWS)
    with Connection(target) as connection, ContestsProgress(f"exporting {user}") as progress:
        found, counts = 0, "in 0 of 0 contests"
        for contests, contest in enumerate(connection.each_contest(request), 1):
            records = 0
            for record in _find(connection, contest, user):
                print_record(record)
                records += 1
            found += records > 0
            counts = f"in {found:,} of {counted(contests, 'contest')}"
            progress.show(counts)
    print_notice(f"{user}: {counts}", as_json=as_json)


def _find(connection: Connection, contest: Contest, user: str) -> Iterator[dict[str, object]]:
    """Yield the rows of a user in a contest for a script, the latest season first."""
    current, *kept = _seasons(connection, contest)
    row = _row(connection, contest, user, current)
    if row is not None:
        yield _record(contest, current, user_record(row))
    else:
        for hidden in hidden_users(connection, contest.contest_id):
            if hidden.user.user_id == user:
                held = user_record(hidden.user, has_score=hidden.has_score)
                yield _record(contest, current, held, hidden=True)
    for season in kept:
        row = _row(connection, contest, user, season)
        if row is not None:
            yield _record(contest, season, user_record(row))


def _seasons(connection: Connection, contest: Contest) -> Sequence[int]:
    """Return the current season of a contest and those that are kept, the latest first."""
    if contest.season <= 1:
        return [contest.season]
    request = ListSeasonsRequest(contest_id=contest.contest_id, page_size=MAX_ROWS)
    try:
        return [season.number for season in connection.each_season(request)]
    except CallError as error:
        if error.exit_code is ExitCode.NOT_FOUND:  # the contest was deleted meanwhile
            return [contest.season]
        raise


def _row(connection: Connection, contest: Contest, user: str, season: int) -> pb.RankedUser | None:
    """Return the row of a user in a season; None if there is none, or the season is gone."""
    request = pb.BatchGetUserRanksRequest(
        contest_id=contest.contest_id, user_ids=[user], season=season
    )
    try:
        return next(iter(connection.batch_get_user_ranks(request).users), None)
    except CallError as error:
        if error.exit_code is ExitCode.NOT_FOUND:
            return None
        raise


def _record(
    contest: Contest, season: int, user: dict[str, object], *, hidden: bool = False
) -> dict[str, object]:
    return {
        "contest_id": contest.contest_id,
        "contest_name": contest.display_name,
        "season": season,
        "hidden": hidden,
        "user": user,
    }

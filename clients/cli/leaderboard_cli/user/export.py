"""The command `user export`: the rows of a user in all contests, as JSON lines."""

from typing import Annotated

import typer

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard.v1.contests_pb2 import Contest, ListContestsRequest
from leaderboard_cli.connection import Connection
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
    """Print the row of a user in every contest, also where it is hidden, as lines of JSON.

    Where the user is hidden without a score, the score is null. All contests are read one after the
    other. A contest that begins meanwhile, or in which the user is shown again meanwhile, may be
    missing.
    """
    check_user_id(user)
    request = ListContestsRequest(page_size=MAX_ROWS)
    with Connection(target) as connection, ContestsProgress(f"exporting {user}") as progress:
        rows, counts = 0, "in 0 of 0 contests"
        for contests, contest in enumerate(connection.each_contest(request), 1):
            record = _find(connection, contest, user)
            if record:
                print_record(record)
                rows += 1
            counts = f"in {rows:,} of {counted(contests, 'contest')}"
            progress.show(counts)
    print_notice(f"{user}: {counts}", as_json=as_json)


def _find(connection: Connection, contest: Contest, user: str) -> dict[str, object] | None:
    """Return the row of a user in a contest for a script; None if there is none."""
    contest_id = contest.contest_id
    record = {"contest_id": contest_id, "contest_name": contest.display_name}
    ranks = pb.BatchGetUserRanksRequest(contest_id=contest_id, user_ids=[user])
    for row in connection.batch_get_user_ranks(ranks).users:
        return record | {"hidden": False, "user": user_record(row)}
    for hidden in hidden_users(connection, contest_id):
        if hidden.user.user_id == user:
            held = user_record(hidden.user, has_score=hidden.has_score)
            return record | {"hidden": True, "user": held}
    return None

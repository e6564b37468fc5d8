"""The command `contest delete`: deletes a contest with all its scores."""

from typing import Annotated

import typer

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_cli.confirmation import Yes, confirm
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.views import format_loss
from leaderboard_cli.failures import CallError, CommandError, ExitCode
from leaderboard_cli.options import AsJson, Contest, calls_server, examples
from leaderboard_cli.output import counted, print_line, print_record
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard contest delete cup", "asks, and deletes a contest"),
    ("leaderboard contest delete cup --yes", "deletes it without a question, for scripts"),
)


@calls_server
def delete(
    contest: Contest,
    *,
    epoch: Annotated[
        str | None,
        typer.Option(
            metavar="EPOCH",
            help="The epoch that is meant, from its position; a contest with another one, which "
            "began since, is not deleted.",
            show_default="any",
        ),
    ] = None,
    yes: Yes = False,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Delete a contest with its settings and seasons, all its users, scores and request ids.

    Watches of it end. A contest that does not exist is no error. An update that is sent again
    afterwards is a new one, and begins the contest again.
    """
    if epoch == "":  # a variable of a script that is not set
        raise typer.BadParameter("--epoch is empty")
    with Connection(target) as connection:
        found = _find(connection, contest)
        is_meant = found is not None and epoch in {None, found.position.epoch}
        if found is not None and is_meant:
            confirm(format_loss(found), yes=yes)
            # A contest that began after the question is another one.
            meant = pb.DeleteContestRequest(contest_id=contest, epoch=found.position.epoch)
            connection.delete_contest(meant)
            _check_season(connection, found)
    users = found.total_users if found and is_meant else 0
    if as_json:
        print_record({"contest_id": contest, "deleted": is_meant, "total_users": users})
    elif is_meant:
        print_line(f"{contest}: deleted, with {counted(users, 'user')}")
    elif found:
        print_line(f"{contest}: not deleted, its epoch is {found.position.epoch}")
    else:
        print_line(f"{contest}: there is no such contest")


def _find(connection: Connection, contest: str) -> pb.Contest | None:
    try:
        return connection.get_contest(pb.GetContestRequest(contest_id=contest))
    except CallError as error:
        if error.exit_code is ExitCode.NOT_FOUND:
            return None
        raise


def _check_season(connection: Connection, deleted: pb.Contest) -> None:
    """Raise CommandError if a season began after the question, so that nothing was deleted."""
    left = _find(connection, deleted.contest_id)
    if left is not None and left.season > deleted.season:
        why = f"{deleted.contest_id} is not deleted: season {left.season:,} has begun meanwhile"
        raise CommandError(why, ExitCode.REJECTED)

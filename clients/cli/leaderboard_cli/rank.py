"""The command `rank`: one user's rank, with the users around."""

from typing import Annotated

import typer
from rich.text import Text

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.connection import Connection, Target
from leaderboard_cli.options import AsJson, Contest, User, calls_server, examples
from leaderboard_cli.output import console, name_of, print_line, print_message
from leaderboard_cli.tables import board_table

_MAX_NEIGHBORS = 100


EXAMPLES = examples(
    ("leaderboard rank chess ada", "shows the rank with two users on each side"),
    ("leaderboard rank chess ada --neighbors 0 --json", "prints the rank for a script"),
)


@calls_server
def rank(
    contest: Contest,
    user: User,
    *,
    neighbors: Annotated[
        int,
        typer.Option(
            metavar="N", min=0, max=_MAX_NEIGHBORS, help="How many users to show on each side."
        ),
    ] = 2,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Show a user's rank with the users around."""
    request = pb.GetUserRankRequest(contest_id=contest, user_id=user, neighbors=neighbors)
    with Connection(target) as connection:
        answer = connection.get_user_rank(request)
    if as_json:
        print_message(answer)
        return
    rows = sorted([answer.user, *answer.neighbors], key=lambda row: row.rank)
    print_line(
        f"{contest}: {name_of(answer.user)} is number {answer.user.rank:,} of "
        f"{answer.total_users:,}, ahead of {answer.percentile:.4g} % of the others"
    )
    user_id = answer.user.user_id
    screen = console()
    notes = {user_id: Text("◀")}
    screen.print(board_table(rows, width=screen.width, notes=notes, bold={user_id}))

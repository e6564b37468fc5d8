"""The command `rank`: one user's rank, with the users around."""

from typing import Annotated

import typer
from rich.text import Text

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.connection import Connection
from leaderboard_cli.options import (
    MAX_AROUND,
    AsJson,
    Contest,
    Season,
    User,
    calls_server,
    examples,
)
from leaderboard_cli.output import board_name, console, name_of, print_line, print_message
from leaderboard_cli.tables import board_table
from leaderboard_cli.target import Target

_MAX_NEIGHBORS = 100
_NEIGHBORS = 2


EXAMPLES = examples(
    ("leaderboard rank chess ada", "shows the rank with two users on each side"),
    ("leaderboard rank chess ada --around 10", "shows 10 rows, also at an end of the board"),
    ("leaderboard rank chess ada --season 3", "shows the rank at the end of season 3"),
    ("leaderboard rank chess ada --neighbors 0 --json", "prints the rank for a script"),
)


@calls_server
def rank(
    contest: Contest,
    user: User,
    *,
    neighbors: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=_MAX_NEIGHBORS,
            help="How many users to show on each side.",
            show_default=f"{_NEIGHBORS} without --around",
        ),
    ] = None,
    around: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=MAX_AROUND,
            help="How many rows to show, the user included: as many as the board has, also where "
            "the user is the first or the last.",
        ),
    ] = None,
    season: Season = 0,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Show a user's rank with the users around."""
    if neighbors is not None and around is not None:
        raise typer.BadParameter("--neighbors and --around exclude each other")
    beside = _NEIGHBORS if neighbors is None and around is None else neighbors
    request = pb.GetUserRankRequest(
        contest_id=contest,
        user_id=user,
        neighbors=beside or 0,
        around=around or 0,
        season=season,
    )
    with Connection(target) as connection:
        answer = connection.get_user_rank(request)
    if as_json:
        print_message(answer)
    else:
        _print(board_name(contest, season), answer)


def _print(board: str, answer: pb.GetUserRankResponse) -> None:
    user = answer.user
    rows = answer.around or sorted([user, *answer.neighbors], key=lambda row: row.place)
    place = "" if user.place == user.rank else f" (place {user.place:,})"
    print_line(
        f"{board}: {name_of(user)} is number {user.rank:,}{place} of {answer.total_users:,}, "
        f"ahead of {answer.percentile:.4g} % of the others"
    )
    screen = console()
    notes = {user.user_id: Text("◀")}
    screen.print(board_table(rows, width=screen.width, notes=notes, bold={user.user_id}))

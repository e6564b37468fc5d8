"""The command `top`: the first rows of a contest."""

from typing import Annotated

import typer

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.connection import Connection
from leaderboard_cli.options import (
    MAX_RANK,
    MAX_ROWS,
    AsJson,
    Contest,
    Season,
    calls_server,
    examples,
)
from leaderboard_cli.output import board_name, console, print_line, print_message
from leaderboard_cli.tables import board_table
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard top chess", "shows the first 10 rows"),
    ("leaderboard top chess --start-rank 101 --limit 50", "shows places 101 to 150"),
    ("leaderboard top chess --season -1", "shows the final board of the season before"),
    ("leaderboard top chess --json | jq -r '.users[].user_id'", "prints the ids"),
    ("leaderboard top chess --server board.example:443 --tls", "calls another server"),
)


@calls_server
def top(
    contest: Contest,
    *,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=MAX_ROWS, help="How many users to show.")
    ] = 10,
    start_rank: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=MAX_RANK, help="The place of the first row to show."),
    ] = 1,
    season: Season = 0,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Show the best users of a contest."""
    request = pb.GetTopUsersRequest(
        contest_id=contest, limit=limit, start_rank=start_rank, season=season
    )
    with Connection(target) as connection:
        board = connection.get_top_users(request)
    name = board_name(contest, season)
    if as_json:
        print_message(board)
    elif board.users:
        rows = board.users
        numbers = "places" if any(row.place != row.rank for row in rows) else "ranks"
        shown = f"{numbers} {rows[0].place:,} to {rows[-1].place:,} of {board.total_users:,}"
        print_line(f"{name}: {shown}")
        screen = console()
        screen.print(board_table(rows, width=screen.width))
    elif board.total_users:
        print_line(f"{name} ends with place {board.total_users:,}")
    else:
        print_line(f"{name} has no users{'' if season else ' yet'}")

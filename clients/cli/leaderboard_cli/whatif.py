"""The command `whatif`: the rank that a score would have."""

from typing import Annotated

import typer

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.connection import Connection
from leaderboard_cli.options import (
    MAX_AROUND,
    NEGATIVE_NUMBERS,
    AsJson,
    Contest,
    Season,
    calls_server,
    check_bounds,
    examples,
)
from leaderboard_cli.output import (
    board_name,
    console,
    counted,
    format_rank,
    print_line,
    print_message,
)
from leaderboard_cli.tables import board_table
from leaderboard_cli.target import Target

CONTEXT_SETTINGS = NEGATIVE_NUMBERS

EXAMPLES = examples(
    ("leaderboard whatif chess 1200", "shows the rank of 1,200 points, and the rows around it"),
    ("leaderboard whatif chess -5 --around 0", "shows the rank alone"),
    ("leaderboard whatif chess 1200 --json | jq .place", "prints how many rows are before, plus 1"),
)


@calls_server
def whatif(
    contest: Contest,
    score: Annotated[
        int,
        typer.Argument(
            metavar="SCORE",
            callback=check_bounds,
            help="A whole number; it may be negative: -5.",
        ),
    ],
    *,
    around: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=MAX_AROUND, help="How many rows to show around it."),
    ] = 5,
    season: Season = 0,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Show the rank that a new user with a score would have, and the rows around it."""
    request = pb.GetScoreRankRequest(contest_id=contest, score=score, around=around, season=season)
    with Connection(target) as connection:
        answer = connection.get_score_rank(request)
    if as_json:
        print_message(answer)
        return
    print_line(
        f"{board_name(contest, season)}: score {score:,} would have "
        f"{format_rank(answer.rank, answer.place)}, "
        f"beside {counted(answer.total_users, 'user')}"
    )
    if answer.around:
        screen = console()
        screen.print(board_table(answer.around, width=screen.width))

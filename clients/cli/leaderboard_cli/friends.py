"""The command `friends`: a board of some users, with their ranks in the whole contest."""

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.connection import Connection
from leaderboard_cli.options import AsJson, Contest, Season, Users, calls_server, examples
from leaderboard_cli.output import board_name, console, counted, print_line, print_message
from leaderboard_cli.tables import board_table
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard friends chess ada bob eve", "shows three users, best first"),
    ("leaderboard friends chess -- -x _y 'auth0|7'", "shows users with unusual ids"),
    ("leaderboard friends chess $(cat team.txt) --json", "prints the ranks of a list of users"),
)


@calls_server
def friends(
    contest: Contest,
    users: Users,
    *,
    season: Season = 0,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Show a board of some users.

    The ranks are those in the whole contest. Users without a score are named below the board.
    """
    request = pb.BatchGetUserRanksRequest(contest_id=contest, user_ids=users, season=season)
    with Connection(target) as connection:
        answer = connection.batch_get_user_ranks(request)
    if as_json:
        print_message(answer)
        return
    found = f"{len(answer.users):,} of {counted(answer.total_users, 'user')}"
    print_line(f"{board_name(contest, season)}: {found}")
    if answer.users:
        screen = console()
        screen.print(board_table(answer.users, width=screen.width))
    if answer.missing_user_ids:
        print_line(f"without a score: {', '.join(answer.missing_user_ids)}")

"""The command `contest show`: a contest with its settings."""

from leaderboard.v1.contests_pb2 import GetContestRequest
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.views import print_contest
from leaderboard_cli.options import AsJson, Contest, calls_server, examples
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard contest show laps", "shows the settings of a contest"),
    ("leaderboard contest show laps --json | jq .total_users", "prints how many users it has"),
)


@calls_server
def show(contest: Contest, *, target: Target, as_json: AsJson = False) -> None:
    """Show a contest with its settings."""
    with Connection(target) as connection:
        found = connection.get_contest(GetContestRequest(contest_id=contest))
    print_contest(found, as_json=as_json)

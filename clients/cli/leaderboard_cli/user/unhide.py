"""The command `user unhide`: ends the hiding of users."""

from leaderboard.v1.contests_pb2 import UnhideUsersRequest
from leaderboard_cli.connection import Connection
from leaderboard_cli.options import AsJson, Contest, Users, calls_server, examples
from leaderboard_cli.target import Target
from leaderboard_cli.user.changed import print_changed

EXAMPLES = examples(
    ("leaderboard user unhide chess ada", "returns a user to the board"),
    ("leaderboard user unhide chess ada bob --json", "returns two users, and prints JSON"),
)


@calls_server
def unhide(contest: Contest, users: Users, *, target: Target, as_json: AsJson = False) -> None:
    """Return hidden users to the board, with their scores of now.

    Each stands at the place that it would have if it had never been hidden.
    """
    with Connection(target) as connection:
        answer = connection.unhide_users(UnhideUsersRequest(contest_id=contest, user_ids=users))
    print_changed(contest, users, answer, done="not hidden any more", as_json=as_json)

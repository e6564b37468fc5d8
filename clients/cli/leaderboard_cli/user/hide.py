"""The command `user hide`: hides users of a contest."""

from leaderboard.v1.contests_pb2 import HideUsersRequest
from leaderboard_cli.connection import Connection
from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.options import AsJson, Contest, Users, calls_server, examples
from leaderboard_cli.target import Target
from leaderboard_cli.user.changed import print_changed

EXAMPLES = examples(
    ("leaderboard user hide chess ada", "hides a user"),
    ("leaderboard user hide chess ada bob --json", "hides two users, and prints JSON"),
)


@calls_server
def hide(contest: Contest, users: Users, *, target: Target, as_json: AsJson = False) -> None:
    """Hide users of a contest: they leave its board, while their updates count on.

    Users without a score are hidden too, for when they get one. They stay hidden in later seasons,
    while seasons that are over don't change. In a contest that does not exist
    nothing can be hidden, which is an error.
    """
    with Connection(target) as connection:
        answer = connection.hide_users(HideUsersRequest(contest_id=contest, user_ids=users))
    if not answer.position.epoch:
        why = f"nothing is hidden: there is no contest {contest}"
        raise CommandError(why, ExitCode.NOT_FOUND)
    print_changed(contest, users, answer, done="hidden", as_json=as_json)

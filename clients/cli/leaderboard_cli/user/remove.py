"""The command `user remove`: removes users from a contest."""

from collections.abc import Sequence

from leaderboard.v1.contests_pb2 import RemoveUsersRequest
from leaderboard_cli.confirmation import Yes, confirm
from leaderboard_cli.connection import Connection
from leaderboard_cli.options import AsJson, Contest, Users, calls_server, examples
from leaderboard_cli.output import counted
from leaderboard_cli.target import Target
from leaderboard_cli.user.changed import print_changed

_NAMED = 5
"""The most users that a confirmation names."""

EXAMPLES = examples(
    ("leaderboard user remove chess ada", "asks, and removes a user from a contest"),
    ("leaderboard user remove chess ada bob --yes", "removes two users, for scripts"),
)


@calls_server
def remove(
    contest: Contest,
    users: Users,
    *,
    yes: Yes = False,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Remove users from a contest, with their scores, names and attributes.

    A later update begins such a user again; a hidden user stays hidden. The commit log keeps
    earlier changes of the users for a while, and seasons that are over keep their rows;
    `leaderboard user erase` removes those too.
    """
    lost = f"{contest} loses for good the score, name and attributes of {_names(users)}"
    confirm(lost, yes=yes)
    with Connection(target) as connection:
        answer = connection.remove_users(RemoveUsersRequest(contest_id=contest, user_ids=users))
    print_changed(contest, users, answer, done="removed", as_json=as_json)


def _names(users: Sequence[str]) -> str:
    """Return the first users by name, and how many more there are."""
    more = len(users) - _NAMED
    return ", ".join(users[:_NAMED]) + (f" and {counted(more, 'other user')}" if more > 0 else "")

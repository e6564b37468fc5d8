"""Prints how many users of a contest a command changed."""

from collections.abc import Sequence
from typing import TypeAlias

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_cli.output import counted, print_line, print_message

UsersChanged: TypeAlias = pb.RemoveUsersResponse | pb.HideUsersResponse | pb.UnhideUsersResponse


def print_changed(
    contest: str, users: Sequence[str], answer: UsersChanged, *, done: str, as_json: bool
) -> None:
    """Print the answer of a change of users.

    Args:
        contest: The contest.

        users: The users that were named.

        answer: The answer.

        done: What happened to those that were changed: `hidden`.

        as_json: Print JSON.
    """
    if as_json:
        print_message(answer)
    elif not answer.position.epoch:
        print_line(f"{contest}: there is no such contest")
    else:
        print_line(f"{contest}: {answer.count:,} of {counted(len(users), 'user')} {done}")

"""Asks before new times of a contest delete it at once."""

import time

from google.protobuf.timestamp_pb2 import Timestamp

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_cli.confirmation import confirm
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.settings import Setting
from leaderboard_cli.contest.views import format_loss

_PATHS = {Setting.ENDS_AT.path, Setting.EXPIRE_AFTER.path}
"""The settings that can delete a contest at once."""


def now() -> Timestamp:
    """Return the time of this machine, to the millisecond."""
    when = Timestamp()
    when.FromMilliseconds(time.time_ns() // 1_000_000)
    return when


def confirm_expiry(connection: Connection, request: pb.UpdateContestRequest, *, yes: bool) -> None:
    """Return once it is confirmed that a change deletes the contest at once, or if it does not.

    Args:
        connection: The service of the contest.

        request: The change.

        yes: Whether --yes was given.

    Raises:
        CommandError: It is not confirmed, or the contest can't be read.
    """
    if yes or not _PATHS.intersection(request.update_mask.paths):
        return
    asked = pb.GetContestRequest(contest_id=request.contest.contest_id)
    contest = connection.get_contest(asked)
    request.update_mask.MergeMessage(request.contest, contest, replace_message_field=True)
    if _has_expired(contest):
        confirm(f"with these times {format_loss(contest)}", yes=yes)


def _has_expired(contest: pb.Contest) -> bool:
    """Return whether a contest that is over has been kept as long as its settings say."""
    if not (contest.HasField("ends_at") and contest.HasField("expire_after")):
        return False
    expires_ms = contest.ends_at.ToMilliseconds() + contest.expire_after.ToMilliseconds()
    return expires_ms <= now().ToMilliseconds()

"""The command `contest close`: ends a contest now."""

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.expiry import now
from leaderboard_cli.contest.settings import ends_request
from leaderboard_cli.contest.times import format_time
from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.options import AsJson, Contest, calls_server, examples
from leaderboard_cli.output import print_line, print_message
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard contest close cup", "ends a contest; its board can still be read"),
)


@calls_server
def close(contest: Contest, *, target: Target, as_json: AsJson = False) -> None:
    """Close a contest now: later updates are refused, and watches end with the final board.

    The time is that of this machine. Where the clock of the store is behind, the contest closes as
    soon as it gets there. A contest that is closed, or closes that soon already, stays as it is.
    """
    ends_at = now()
    with Connection(target) as connection:
        found = connection.get_contest(pb.GetContestRequest(contest_id=contest))
        if found.state == pb.CONTEST_STATE_SCHEDULED:
            opens = format_time(found.starts_at)
            raise CommandError(
                f"{contest} opens at {opens}, it can't end before", ExitCode.REJECTED
            )
        if not found.HasField("ends_at") or found.ends_at.ToNanoseconds() > ends_at.ToNanoseconds():
            found = connection.update_contest(ends_request(contest, ends_at))
    if as_json:
        print_message(found)
        return
    when = format_time(found.ends_at)
    if found.state == pb.CONTEST_STATE_CLOSED:
        print_line(f"{contest}: closed since {when}")
    else:
        print_line(f"{contest}: closes at {when} by the clock of the store, which is behind")

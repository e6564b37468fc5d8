"""The command `contest reopen`: opens a contest that is closed again."""

from typing import Annotated

import typer

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.expiry import now
from leaderboard_cli.contest.settings import ends_request
from leaderboard_cli.contest.times import format_time, parse_option_time
from leaderboard_cli.contest.views import format_state
from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.options import AsJson, Contest, calls_server, examples
from leaderboard_cli.output import print_line, print_message
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard contest reopen cup", "opens a contest again, without an end"),
    ("leaderboard contest reopen cup --ends-at 2026-12-31T18:00:00Z", "opens it until then"),
)


@calls_server
def reopen(
    contest: Contest,
    *,
    ends_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="The new end.", show_default="none")
    ] = None,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Open a contest that is closed again, with its scores.

    A contest that is not closed keeps its end: `contest set` changes that.
    """
    request = ends_request(contest, parse_option_time("--ends-at", ends_at))
    with Connection(target) as connection:
        found = connection.get_contest(pb.GetContestRequest(contest_id=contest))
        if found.state == pb.CONTEST_STATE_CLOSED:
            # An end long ago could delete a contest that has `expire_after`.
            if _has_passed(request.contest):
                raise _stays_closed(contest)
            found = connection.update_contest(request)
        elif not _has_end_of(found, request.contest):
            raise CommandError(
                f"{contest} is {format_state(found)}; `leaderboard contest set` changes its end",
                ExitCode.REJECTED,
            )
    if found.state == pb.CONTEST_STATE_CLOSED:
        raise _stays_closed(contest)
    if as_json:
        print_message(found)
    else:
        until = f" until {format_time(found.ends_at)}" if found.HasField("ends_at") else ""
        print_line(f"{contest}: {format_state(found)}{until}")


def _has_passed(contest: pb.Contest) -> bool:
    """Return whether the end of a contest, if it has one, has passed on this machine."""
    return contest.HasField("ends_at") and (
        contest.ends_at.ToNanoseconds() <= now().ToNanoseconds()
    )


def _stays_closed(contest: str) -> CommandError:
    return CommandError(f"{contest} stays closed: --ends-at has passed", ExitCode.REJECTED)


def _has_end_of(contest: pb.Contest, other: pb.Contest) -> bool:
    """Return whether two contests end at the same time, or both don't end."""
    return contest.HasField("ends_at") == other.HasField("ends_at") and (
        contest.ends_at.ToMilliseconds() == other.ends_at.ToMilliseconds()
    )

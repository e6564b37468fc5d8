"""The command `contest reset`: ends the season of a contest now."""

from leaderboard.v1 import contests_pb2 as pb
from leaderboard_cli.confirmation import Yes, confirm
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.settings import DEFAULT_KEPT
from leaderboard_cli.options import AsJson, Contest, SeasonNumber, calls_server, examples
from leaderboard_cli.output import counted, print_line, print_message
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard contest reset cup", "asks, ends the season, and begins the next one"),
    ("leaderboard contest reset cup --season 4 --yes", "ends season 4 once, for scripts"),
)


@calls_server
def reset(
    contest: Contest,
    *,
    season: SeasonNumber = None,
    yes: Yes = False,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """End the season of a contest now: its board is kept, and the next one begins empty.

    Hidden users stay hidden, and names and attributes come back with a user's first update. A
    season that is over already is no error, so that scripts that name the season can repeat it.
    """
    with Connection(target) as connection:
        before = connection.get_contest(pb.GetContestRequest(contest_id=contest))
        number = season or before.season
        if number == before.season:
            confirm(_loss(before), yes=yes)
        after = connection.reset_contest(pb.ResetContestRequest(contest_id=contest, season=number))
    if as_json:
        print_message(after)
    elif number == before.season:
        print_line(f"{contest}: season {number:,} has ended, it is season {after.season:,} now")
    else:
        print_line(f"{contest}: season {number:,} was over, it is season {after.season:,}")


def _loss(contest: pb.Contest) -> str:
    """Return the sentence that says what happens to the season of a contest."""
    users = counted(contest.total_users, "user")
    ends = f"season {contest.season:,} of {contest.contest_id} ends, with {users}"
    kept = contest.keep_seasons if contest.HasField("keep_seasons") else DEFAULT_KEPT
    if not kept:
        return f"{ends}, and is lost for good: this contest keeps no seasons"
    return f"{ends}, and is kept; the contest keeps its last {counted(kept, 'season')}"

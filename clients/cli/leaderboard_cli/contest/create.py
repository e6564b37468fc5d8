"""The command `contest create`: creates a contest with its settings."""

from leaderboard.v1.contests_pb2 import CreateContestRequest
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.settings import Settings, contest_with, takes_settings
from leaderboard_cli.contest.views import print_contest
from leaderboard_cli.options import AsJson, Contest, calls_server, examples
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard contest create chess", "creates a contest with the default settings"),
    (
        "leaderboard contest create laps --order lowest --mode best --min-score 1",
        "the best time of each user counts, and the lowest is first",
    ),
    ("leaderboard contest create quiz --ranks competition", "equal scores share a rank: 1 2 2 4"),
    (
        "leaderboard contest create weekly --reset weekly:mon --time-zone Europe/Berlin",
        "begins with an empty board each Monday, and keeps the boards of 10 weeks",
    ),
    (
        "leaderboard contest create cup --ends-at 2026-12-24T18:00:00Z --expire-after 30d",
        "closes at a time, and is deleted 30 days later",
    ),
)


@calls_server
@takes_settings
def create(
    contest: Contest,
    *,
    settings: Settings,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Create a contest.

    By default the highest scores are first, of equal ones the one reached first; each user has a
    rank of its own; updates add their points, nothing is bounded, and it is open for ever. A
    contest that exists with the same settings is shown; with other settings that is an error.
    """
    request = CreateContestRequest(contest=contest_with(contest, settings))
    with Connection(target) as connection:
        created = connection.create_contest(request)
    print_contest(created, as_json=as_json)

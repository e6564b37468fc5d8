"""The command `season list`: the seasons of a contest."""

from collections.abc import Iterable, Sequence

from rich.table import Table

from leaderboard.v1.contests_pb2 import ListSeasonsRequest, Season
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.times import format_time
from leaderboard_cli.options import MAX_ROWS, AsJson, Contest, calls_server, examples
from leaderboard_cli.output import console, print_message
from leaderboard_cli.tables import Column, make_table
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard season list weekly", "shows the current season and those that are kept"),
    ("leaderboard season list weekly --json | jq .number", "prints their numbers"),
)


@calls_server
def list_seasons(contest: Contest, *, target: Target, as_json: AsJson = False) -> None:
    """Show the seasons of a contest, the latest first: the current one, and those that are kept.

    With --json each season is a line.
    """
    with Connection(target) as connection:
        request = ListSeasonsRequest(contest_id=contest, page_size=MAX_ROWS)
        found: Iterable[Season] = connection.each_season(request)
        if as_json:
            for season in found:
                print_message(season)
            return
        seasons = list(found)
    console().print(_table(seasons))


def _table(seasons: Sequence[Season]) -> Table:
    return make_table(
        [
            Column.of_numbers("Season", (season.number for season in seasons)),
            Column.of_texts("Began", (_format(season, "started_at") for season in seasons)),
            Column.of_texts(
                "Ended", (_format(season, "ended_at") or "current" for season in seasons)
            ),
            Column.of_numbers("Users", (season.total_users for season in seasons)),
        ]
    )


def _format(season: Season, field: str) -> str:
    """Return a time of a season, to the second; empty where it is not set."""
    return format_time(getattr(season, field)) if season.HasField(field) else ""

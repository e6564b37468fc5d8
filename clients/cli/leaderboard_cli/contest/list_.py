"""The command `contest list`: all contests, page by page."""

from itertools import islice
from typing import Annotated, Literal

import typer

from leaderboard.v1 import contests_pb2 as pb
from leaderboard.v1.contests_pb2 import ListContestsRequest
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.views import contests_table
from leaderboard_cli.options import MAX_ROWS, AsJson, calls_server, examples
from leaderboard_cli.output import console, print_line, print_message
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ("leaderboard contest list", "shows all contests"),
    ("leaderboard contest list --prefix cup-", "shows those whose ids begin so"),
    ("leaderboard contest list --state closed", "shows those that are over"),
    ("leaderboard contest list --json | jq -r .contest_id", "prints the ids"),
)

_STATES = {
    "scheduled": pb.CONTEST_STATE_SCHEDULED,
    "open": pb.CONTEST_STATE_OPEN,
    "closed": pb.CONTEST_STATE_CLOSED,
}


@calls_server
def list_contests(
    *,
    prefix: Annotated[
        str, typer.Option(metavar="PREFIX", help="The beginning of the ids.", show_default="all")
    ] = "",
    state: Annotated[
        Literal["scheduled", "open", "closed"] | None,
        typer.Option(help="The state of the contests.", show_default="all"),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="The most contests to show.", show_default="all"),
    ] = None,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Show the contests in the order of their ids, also those that began with a score.

    With --json each contest is a line.
    """
    with Connection(target) as connection:
        request = ListContestsRequest(
            page_size=min((limit or MAX_ROWS) + 1, MAX_ROWS),
            id_prefix=prefix,
            state=_STATES[state] if state else pb.CONTEST_STATE_UNSPECIFIED,
        )
        found = connection.each_contest(request)
        if as_json:
            for contest in islice(found, limit):
                print_message(contest)
            return
        contests = list(islice(found, limit))
        has_more = limit is not None and next(found, None) is not None
    if not contests:
        print_line(_nothing(prefix, state))
        return
    screen = console()
    screen.print(contests_table(contests, screen.width))
    if has_more:
        print_line(f"there are more than these {limit:,}")


def _nothing(prefix: str, state: str | None) -> str:
    """Return the line that says that there is no such contest."""
    if not prefix and not state:
        return "there are no contests yet"
    conditions = [f"begins with {prefix}"] if prefix else []
    conditions += [f"is {state}"] if state else []
    return f"no contest {' and '.join(conditions)}"

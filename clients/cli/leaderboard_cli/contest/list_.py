"""The command `contest list`: all contests, page by page."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

import typer

from leaderboard.v1.contests_pb2 import Contest, ListContestsRequest
from leaderboard_cli.connection import Connection, Target
from leaderboard_cli.contest.views import contests_table
from leaderboard_cli.options import MAX_ROWS, AsJson, calls_server, examples
from leaderboard_cli.output import console, print_line, print_message

EXAMPLES = examples(
    ("leaderboard contest list", "shows all contests"),
    ("leaderboard contest list --prefix cup-", "shows those whose ids begin so"),
    ("leaderboard contest list --json | jq -r .contest_id", "prints the ids"),
)


@calls_server
def list_contests(
    *,
    prefix: Annotated[
        str, typer.Option(metavar="PREFIX", help="The beginning of the ids.", show_default="all")
    ] = "",
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
        found = _found(connection, prefix, limit or MAX_ROWS)
        if as_json:
            for contest in islice(found, limit):
                print_message(contest)
            return
        contests = list(islice(found, limit))
        has_more = limit is not None and next(found, None) is not None
    if not contests:
        print_line(f"no contest begins with {prefix}" if prefix else "there are no contests yet")
        return
    screen = console()
    screen.print(contests_table(contests, screen.width))
    if has_more:
        print_line(f"there are more than these {limit:,}")


def _found(connection: Connection, prefix: str, wanted: int) -> Iterator[Contest]:
    request = ListContestsRequest(page_size=min(wanted + 1, MAX_ROWS), id_prefix=prefix)
    while True:
        page = connection.list_contests(request)
        yield from page.contests
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token

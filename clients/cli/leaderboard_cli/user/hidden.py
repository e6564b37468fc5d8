"""The command `user hidden`: the hidden users of a contest."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from leaderboard_cli.connection import Connection
from leaderboard_cli.options import AsJson, Contest, calls_server, examples
from leaderboard_cli.output import (
    attributes_of,
    console,
    counted,
    print_line,
    print_record,
    safe,
)
from leaderboard_cli.tables import Column, fit, make_table
from leaderboard_cli.target import Target
from leaderboard_cli.user.rows import HiddenUser, hidden_users, user_record

EXAMPLES = examples(
    ("leaderboard user hidden chess", "shows the hidden users, with their scores"),
    ("leaderboard user hidden chess --json | jq -r .user_id", "prints their ids"),
)


@calls_server
def hidden(contest: Contest, *, target: Target, as_json: AsJson = False) -> None:
    """Show the hidden users of a contest in the order of their ids.

    With --json each user is a line; its score is null if it has none.
    """
    with Connection(target) as connection:
        # A user that is hidden meanwhile may come twice.
        found = {each.user.user_id: each for each in hidden_users(connection, contest)}
    users = [found[user_id] for user_id in sorted(found)]
    if as_json:
        for each in users:
            print_record(user_record(each.user, has_score=each.has_score))
        return
    print_line(f"{contest}: {counted(len(users), 'hidden user')}")
    if users:
        screen = console()
        screen.print(_table(users, screen.width))


def _table(users: Sequence[HiddenUser], width: int) -> Table:
    ids = Column.of_texts("User", (safe(each.user.user_id) for each in users))
    scores = Column(
        heading="Score",
        cells=[Text(f"{each.user.score:,}" if each.has_score else "none") for each in users],
        is_whole=True,
        is_number=True,
    )
    names = Column.of_texts("Name", (safe(each.user.display_name) for each in users))
    attributes = Column.of_texts("Attributes", (attributes_of(each.user) for each in users), "dim")
    more = [column for column in (names, attributes) if any(cell.plain for cell in column.cells)]
    return make_table([ids, scores, *fit(more, width - ids.least_width - scores.least_width)])

"""Contests for people: the settings of one, and a table of several."""

from collections.abc import Sequence

from rich.table import Table

from leaderboard.v1 import contests_pb2 as pb
from leaderboard.v1.contests_pb2 import Contest, ContestState
from leaderboard_cli.contest.formatting import format_changed_rules, format_settings, format_times
from leaderboard_cli.contest.times import format_time
from leaderboard_cli.output import console, counted, print_line, print_message, safe
from leaderboard_cli.tables import Column, fit, make_table

_STATE = "CONTEST_STATE_"


def print_contest(contest: Contest, *, as_json: bool) -> None:
    """Print a contest with its settings."""
    if as_json:
        print_message(contest)
        return
    users = counted(contest.total_users, "user")
    since = ""
    if contest.HasField("created_at"):
        since = f", since {contest.created_at.ToDatetime():%Y-%m-%dT%H:%M:%SZ}"
    state = f", {format_state(contest)}" if contest.state else ""
    print_line(f"{contest.contest_id}: {users}{state}{since}{_format_season(contest)}")
    settings = format_settings(contest)
    names = Column.of_texts("Setting", settings)
    values = Column.of_texts("Value", map(safe, settings.values()))
    console().print(make_table([names, values]))


def _format_season(contest: Contest) -> str:
    """Return the season of a contest and when it ends; empty for one that has never any other."""
    if contest.season <= 1 and not contest.HasField("reset_schedule"):
        return ""
    season = f"; season {contest.season:,}"
    if contest.HasField("next_reset_at"):
        season += f", next reset {format_time(contest.next_reset_at)}"
    return season


def format_state(contest: Contest) -> str:
    """Return the state of a contest for people: `open`."""
    value = contest.state
    known = value in ContestState.values()
    return ContestState.Name(value).removeprefix(_STATE).lower() if known else str(value)


def format_loss(contest: Contest) -> str:
    """Return the sentence that says what is lost with a contest."""
    name = f" ({contest.display_name})" if contest.display_name else ""
    users = counted(contest.total_users, "user")
    seasons = " and all earlier seasons" if contest.season > 1 else ""
    return f"{contest.contest_id}{name} is deleted for good, with the scores of {users}{seasons}"


def contests_table(contests: Sequence[Contest], width: int) -> Table:
    """Return a table of contests, without what a narrow terminal has no room for.

    Args:
        contests: The contests.

        width: The columns of the terminal.
    """
    ids = Column.of_texts("Contest", (safe(contest.contest_id) for contest in contests))
    users = Column.of_numbers("Users", (contest.total_users for contest in contests))
    names = Column.of_texts("Name", (safe(contest.display_name) for contest in contests))
    rules = Column.of_texts("Rules", map(format_changed_rules, contests), "dim")
    times = Column.of_texts("Times", (safe(format_times(each)) for each in contests), "dim")
    more = [column for column in (names, times, rules) if any(cell.plain for cell in column.cells)]
    if any(contest.season > 1 for contest in contests):
        more.insert(0, Column.of_numbers("Season", (contest.season for contest in contests)))
    if any(contest.state != pb.CONTEST_STATE_OPEN for contest in contests if contest.state):
        more.insert(0, Column.of_texts("State", map(format_state, contests)))
    room = width - ids.least_width - users.least_width
    return make_table([ids, users, *fit(more, room)])

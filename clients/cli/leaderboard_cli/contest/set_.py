"""The command `contest set`: changes settings of a contest."""

from typing import Annotated

import typer
from google.protobuf.field_mask_pb2 import FieldMask

from leaderboard.v1.contests_pb2 import UpdateContestRequest
from leaderboard_cli.confirmation import Yes
from leaderboard_cli.connection import Connection
from leaderboard_cli.contest.expiry import confirm_expiry
from leaderboard_cli.contest.settings import Setting, Settings, contest_with, takes_settings
from leaderboard_cli.contest.views import print_contest
from leaderboard_cli.options import AsJson, Contest, calls_server, examples
from leaderboard_cli.target import Target

EXAMPLES = examples(
    ('leaderboard contest set laps --display-name "Lap times"', "names a contest"),
    ("leaderboard contest set chess --max-points 100", "bounds what one update adds"),
    ("leaderboard contest set cup --ends-at 2026-12-24T18:00:00Z", "sets when a contest closes"),
    ("leaderboard contest set chess --reset monthly --keep-seasons 12", "resets it each month"),
    ("leaderboard contest set chess --unset max-points --unset reset", "removes both again"),
)


@calls_server
@takes_settings
def set_settings(
    contest: Contest,
    *,
    settings: Settings,
    unset: Annotated[
        list[Setting] | None,
        typer.Option(
            metavar="SETTING",
            help="A setting that gets its default, by the name of its option: max-points. "
            "Can be repeated.",
        ),
    ] = None,
    yes: Yes = False,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Change settings of a contest; those that are not given stay as they are.

    The order, ties and ranks of a contest can't be changed once it has scores. Bounds hold for
    later updates. Times that delete the contest at once, because it was over for longer than
    --expire-after, take a confirmation.
    """
    named = dict.fromkeys([*settings, *(unset or [])])
    if not named:
        raise typer.BadParameter("no setting is given")
    if twice := next((each for each in unset or [] if each in settings), None):
        raise typer.BadParameter(f"--{twice} and --unset {twice} exclude each other")
    request = UpdateContestRequest(
        contest=contest_with(contest, settings),
        update_mask=FieldMask(paths=[setting.path for setting in named]),
    )
    with Connection(target) as connection:
        confirm_expiry(connection, request, yes=yes)
        changed = connection.update_contest(request)
    print_contest(changed, as_json=as_json)

"""The command `update`: changes one user's score."""

from typing import Annotated, Literal
from uuid import uuid4

import typer

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.connection import Connection, Target
from leaderboard_cli.failures import CallError, CommandError, ExitCode
from leaderboard_cli.options import AsJson, Contest, User, calls_server, examples
from leaderboard_cli.output import OutputError, name_of, print_line, print_message
from leaderboard_client.update_rules import (
    MODES,
    parse_event_time,
    parse_points,
)

CONTEXT_SETTINGS = {"ignore_unknown_options": True}
"""Lets negative points be written without `--`: `-5` is not an option."""


EXAMPLES = examples(
    ("leaderboard update chess ada 5", "adds 5 points"),
    ("leaderboard update chess ada -5", "takes 5 points away"),
    ("leaderboard update chess ada 1200 --mode best", "keeps the better score"),
    ("leaderboard update chess ada 5 --request-id game-17", "counts once, however often it is run"),
)


@calls_server
def update(
    contest: Contest,
    user: User,
    points: Annotated[
        str,
        typer.Argument(metavar="POINTS", help="A whole number; it may be negative: -5."),
    ],
    *,
    mode: Annotated[
        Literal["increment", "set", "best"],
        typer.Option(help="Add the points, make them the score, or keep the better one."),
    ] = "increment",
    request_id: Annotated[
        str,
        typer.Option(
            metavar="ID",
            help="The id of this write: the command run again with the same id counts once. "
            "Default: a new UUID.",
        ),
    ] = "",
    event_type: Annotated[str, typer.Option(metavar="TYPE", help="What happened: goal.")] = "",
    event_time: Annotated[
        str, typer.Option(metavar="TIME", help="When it happened: 2026-06-11T20:15:00Z.")
    ] = "",
    display_name: Annotated[
        str, typer.Option(metavar="NAME", help="The user's name for people.")
    ] = "",
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Change a user's score."""
    request = pb.UpdateScoreRequest(
        contest_id=contest,
        user_id=user,
        points=parse_points(points),
        mode=MODES[mode],
        request_id=request_id or str(uuid4()),
        event_type=event_type,
        event_time=parse_event_time(event_time) if event_time else None,
        display_name=display_name,
    )
    answer = _send(request, target)
    try:
        if as_json:
            print_message(answer)
        else:
            print_line(_summary(contest, answer))
    except OutputError as error:
        # Otherwise a script would take this for an update that failed, and repeat it with another
        # request id.
        raise CommandError(f"the update counted, but {error}", error.exit_code) from None


def _send(request: pb.UpdateScoreRequest, target: Target) -> pb.UpdateScoreResponse:
    try:
        with Connection(target) as connection:
            return connection.update_score(request)
    except KeyboardInterrupt:
        raise _may_have_counted("interrupted", ExitCode.INTERRUPTED, request.request_id) from None
    except CallError as error:
        if error.is_final:
            raise
        raise _may_have_counted(str(error), error.exit_code, request.request_id) from None


def _may_have_counted(why: str, exit_code: ExitCode, request_id: str) -> CommandError:
    repeat = f"the update may have counted; repeat it with --request-id {request_id} to be sure"
    return CommandError(f"{why}; {repeat}", exit_code)


def _summary(contest: str, answer: pb.UpdateScoreResponse) -> str:
    user = answer.user
    before = f"score {answer.previous_score:,}, rank {answer.previous_rank:,}"
    came_from = f" (before: {before})" if answer.previous_rank else " (new)"
    note = ""
    if answer.replayed:
        note = "; counted before with this request id, this is the first answer"
    elif not answer.applied:
        note = "; nothing changed"
    return (
        f"{contest}: {name_of(user)} has score {user.score:,}, rank {user.rank:,}{came_from}{note}"
    )

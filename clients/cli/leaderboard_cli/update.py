"""The command `update`: changes one user's score."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import uuid4

import typer

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.connection import Connection
from leaderboard_cli.failures import CallError, CommandError, ExitCode
from leaderboard_cli.options import (
    NEGATIVE_NUMBERS,
    AsJson,
    Contest,
    SeasonNumber,
    User,
    calls_server,
    examples,
)
from leaderboard_cli.output import (
    OutputError,
    attributes_of,
    format_rank,
    name_of,
    print_line,
    print_message,
)
from leaderboard_cli.target import Target
from leaderboard_client.update_rules import (
    MODES,
    parse_event_time,
    parse_points,
    shown,
)

CONTEXT_SETTINGS = NEGATIVE_NUMBERS

EXAMPLES = examples(
    ("leaderboard update chess ada 5", "adds 5 points"),
    ("leaderboard update chess ada -5", "takes 5 points away"),
    ("leaderboard update chess ada 1200 --mode best", "keeps the better score"),
    ("leaderboard update chess ada 5 --request-id game-17", "counts once, however often it is run"),
    ("leaderboard update chess ada 0 --mode increment --attribute team=red", "sets the team alone"),
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
        Literal["increment", "set", "best"] | None,
        typer.Option(
            help="Add the points, make them the score, or keep the better one.",
            show_default="as the contest's rules say, which is increment unless they were changed",
        ),
    ] = None,
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
    clear_name: Annotated[
        bool, typer.Option("--clear-name", help="Remove the user's name for people.")
    ] = False,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Data that is shown with the user: team=red; without a value it is removed: "
            "team=. Can be repeated.",
        ),
    ] = None,
    season: SeasonNumber = None,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Change a user's score."""
    if display_name and clear_name:
        raise typer.BadParameter("--display-name and --clear-name exclude each other")
    request = pb.UpdateScoreRequest(
        contest_id=contest,
        user_id=user,
        points=parse_points(points),
        mode=MODES[mode] if mode else pb.UPDATE_MODE_UNSPECIFIED,
        request_id=request_id or str(uuid4()),
        event_type=event_type,
        event_time=parse_event_time(event_time) if event_time else None,
        display_name=display_name,
        clear_display_name=clear_name,
        attributes=_parse_attributes(attribute or []),
        season=season,
    )
    answer = _send(request, target)
    try:
        if as_json:
            print_message(answer)
        else:
            print_line(_summary(request, answer))
    except OutputError as error:
        # Otherwise a script would take this for an update that failed, and repeat it with another
        # request id.
        raise CommandError(f"the update counted, but {error}", error.exit_code) from None


def _parse_attributes(given: Sequence[str]) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise typer.BadParameter(f"--attribute {shown(text)} is not KEY=VALUE")
        if key in attributes:
            raise typer.BadParameter(f"--attribute {shown(key)} is given twice")
        attributes[key] = value
    return attributes


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


def _summary(request: pb.UpdateScoreRequest, answer: pb.UpdateScoreResponse) -> str:
    user = answer.user
    before = format_rank(answer.previous_rank, answer.previous_place)
    parts = [
        f"{request.contest_id}: {name_of(user)} has score {user.score:,}, ",
        format_rank(user.rank, user.place) if user.place else "and is hidden",
    ]
    if answer.previous_rank:
        parts.append(f" (before: score {answer.previous_score:,}, {before})")
    elif user.place:
        parts.append(" (new)")
    if request.attributes:
        parts.append(f"; attributes: {attributes_of(user) or 'none'}")
    if answer.replayed:
        parts.append("; counted before with this request id, this is the first answer")
    elif not answer.applied:
        parts.append("; nothing changed")
    return "".join(parts)

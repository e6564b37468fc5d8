"""The command `watch`: a contest as it changes."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.cli.connection import watch_contest
from leaderboard_client.cli.exit_codes import ExitCode
from leaderboard_client.cli.failures import CommandError
from leaderboard_client.cli.options import (
    DEFAULT_SERVER,
    DEFAULT_TIMEOUT,
    MAX_ROWS,
    AsJson,
    Contest,
    Server,
    Timeout,
)
from leaderboard_client.cli.output import console, print_line, print_message
from leaderboard_client.cli.watch_view import ChangeLines, LiveTable
from leaderboard_client.live_board import LiveBoard, MissedChangesError

if TYPE_CHECKING:
    from collections.abc import Callable

_TABLE_INTERVAL_MS = 200
"""How often a table can change for eyes; what happens in between comes merged."""

_SCOPES = {
    "top": pb.WATCH_SCOPE_TOP,
    "all": pb.WATCH_SCOPE_ALL,
    "users": pb.WATCH_SCOPE_USERS,
}


def watch(
    contest: Contest,
    *,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=MAX_ROWS, help="How many ranks to watch.")
    ] = 10,
    scope: Annotated[
        Literal["top", "all", "users"] | None,
        typer.Option(
            help="The first ranks, every change, or the users named with --user.",
            show_default="users with --user, else top",
        ),
    ] = None,
    user: Annotated[
        list[str] | None, typer.Option(metavar="USER", help="A user to watch; can be repeated.")
    ] = None,
    server: Server = DEFAULT_SERVER,
    timeout: Timeout = DEFAULT_TIMEOUT,
    as_json: AsJson = False,
) -> None:
    """Watch a contest until it ends or Ctrl-C is pressed.

    On a terminal the board is a live table; with the scope `all`, and in a pipe, each change is a
    line. With --json each message of the stream is a line.
    """
    request = pb.WatchContestRequest(
        contest_id=contest,
        limit=limit,
        scope=_SCOPES[scope or ("users" if user else "top")],
        user_ids=user,
    )
    if as_json:
        reason = asyncio.run(_follow(server, timeout, request, print_message))
    else:
        reason = asyncio.run(_show(server, timeout, request))
    match reason:
        case pb.END_REASON_CONTEST_OVER:
            print_line(f"{contest} is over", stderr=True)
        case pb.END_REASON_DRAINING:
            raise CommandError(f"the server at {server} is shutting down", ExitCode.UNAVAILABLE)
        case _:
            raise CommandError(f"the server at {server} ended the watch", ExitCode.UNAVAILABLE)


async def _show(server: str, patience: float, request: pb.WatchContestRequest) -> pb.EndReason:
    board = LiveBoard(scope=request.scope, limit=request.limit)
    screen = console()
    if not screen.is_terminal or request.scope == pb.WATCH_SCOPE_ALL:
        return await _follow(server, patience, request, ChangeLines(board, request, screen).show)
    request.min_interval.FromMilliseconds(_TABLE_INTERVAL_MS)
    with LiveTable(board, request, screen) as table:
        return await _follow(server, patience, request, table.show)


async def _follow(
    server: str,
    patience: float,
    request: pb.WatchContestRequest,
    show: Callable[[pb.WatchContestResponse], None],
) -> pb.EndReason:
    async with aclosing(watch_contest(server, patience, request)) as messages:
        async for message in messages:
            try:
                show(message)
            except MissedChangesError as error:
                raise CommandError(f"the watch is broken: {error}", ExitCode.UNEXPECTED) from None
            if message.HasField("end"):
                return message.end.reason
    return pb.END_REASON_UNSPECIFIED

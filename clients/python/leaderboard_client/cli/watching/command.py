"""The command `watch`: options, what shows the watch, and how it ends."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import typer

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_client.channels import open_own_channel
from leaderboard_client.cli.exit_codes import ExitCode
from leaderboard_client.cli.failures import CallError, CommandError, told
from leaderboard_client.cli.options import (
    DEFAULT_SERVER,
    DEFAULT_TIMEOUT,
    MAX_ROWS,
    AsJson,
    Contest,
    Server,
    Timeout,
)
from leaderboard_client.cli.output import console, print_line
from leaderboard_client.cli.watching.lines import ChangeLines, ConnectionLines, MessageLines
from leaderboard_client.cli.watching.table import LiveTable
from leaderboard_client.cli.watching.words import trouble_teller
from leaderboard_client.live_board import MissedChangesError
from leaderboard_client.refusal import RefusedError
from leaderboard_client.watch_update import StreamLostError, WatchState
from leaderboard_client.watching import watch as watch_contest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from leaderboard_client.watch_update import WatchUpdate

_TABLE_INTERVAL = 0.2
"""How often in seconds a table can change for eyes; what happens in between comes merged."""

_SCOPES = {
    "top": pb.WATCH_SCOPE_TOP,
    "all": pb.WATCH_SCOPE_ALL,
    "users": pb.WATCH_SCOPE_USERS,
}


class _View(Protocol):
    """What shows a watch."""

    def show(self, update: WatchUpdate) -> None:
        """Show an update."""


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
    """Watch a contest until it is over or Ctrl-C is pressed.

    On a terminal the board is a live table; with the scope `all`, and in a pipe, each change is a
    line. With --json each message of the service is a line.

    A server that can't be reached within --timeout ends the command. Once the watch has begun it
    reconnects by itself, for as long as that takes, and goes on where it was: no change is missed
    or told twice. The table says so meanwhile; otherwise lines on stderr do.
    """
    request = pb.WatchContestRequest(
        contest_id=contest,
        limit=limit,
        scope=_SCOPES[scope or ("users" if user else "top")],
        user_ids=user,
    )
    try:
        asyncio.run(_show(request, server, timeout, as_json=as_json))
    except RefusedError as error:
        raise CallError(error.refusal, told(error.refusal, server, timeout)) from None
    except (MissedChangesError, StreamLostError) as error:
        raise CommandError(f"no watch at {server}: {error}", ExitCode.UNAVAILABLE) from None
    print_line(f"{contest} is over", stderr=True)


async def _show(
    request: pb.WatchContestRequest, server: str, patience: float, *, as_json: bool
) -> None:
    """Show a watch, in the way that fits, until the contest is over; raise as `_follow` does."""
    clock = asyncio.get_running_loop().time
    screen, tell = console(), trouble_teller(server, patience)
    begin = partial(
        watch_contest,
        partial(open_own_channel, server),
        request.contest_id,
        limit=request.limit,
        scope=request.scope,
        user_ids=request.user_ids,
        clock=clock,
    )
    if screen.is_terminal and not as_json and request.scope != pb.WATCH_SCOPE_ALL:
        with LiveTable(request.contest_id, tell, screen) as table:
            await _follow(begin(min_interval=_TABLE_INTERVAL), [table], patience)
    else:
        lines = MessageLines() if as_json else ChangeLines(request.contest_id, screen)
        await _follow(begin(), [lines, ConnectionLines(tell, clock)], patience)


async def _follow(
    updates: AsyncGenerator[WatchUpdate, None], views: Sequence[_View], patience: float
) -> None:
    """Show updates until the contest is over.

    Raises:
        RefusedError: The watch was refused.

        StreamLostError: It did not begin in time, as with the other errors.

        MissedChangesError: The same.
    """
    trouble: Exception | None = None
    try:
        async with aclosing(updates), asyncio.timeout(patience) as beginning:
            async for update in updates:
                trouble = update.trouble
                if update.state is not WatchState.CONNECTING:
                    beginning.reschedule(None)
                for view in views:
                    view.show(update)
    except TimeoutError:
        raise (trouble or StreamLostError(f"nothing came for {patience:g} s")) from None

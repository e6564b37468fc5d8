"""The command `watch`: options, what shows the watch, and how it ends."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Annotated, Literal

import typer
from rich.console import Console

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.examples import examples
from leaderboard_cli.exit_codes import ExitCode
from leaderboard_cli.failures import CallError, CommandError, failure_text, making_request
from leaderboard_cli.options import (
    MAX_ROWS,
    AsJson,
    Contest,
)
from leaderboard_cli.output import console, print_line
from leaderboard_cli.target import Target, calls_server
from leaderboard_cli.watch.formatting import trouble_teller
from leaderboard_cli.watch.lines import ChangeLines, ConnectionLines, MessageLines
from leaderboard_cli.watch.live_screen import LiveScreen
from leaderboard_cli.watch.watch_loop import follow
from leaderboard_client.errors import error_of
from leaderboard_client.live_board import MissedChangesError
from leaderboard_client.refusal import RefusedError
from leaderboard_client.watch_update import StreamLostError, WatchUpdate
from leaderboard_client.watching import watch as watch_contest

_SCREEN_INTERVAL = 0.2
"""How often in seconds a board can change for eyes; what happens in between comes merged."""

_BY_SIGNAL = 128
"""What the exit code of a command that a signal ended is above, as shells have it."""

_SCOPES = {
    "top": pb.WATCH_SCOPE_TOP,
    "all": pb.WATCH_SCOPE_ALL,
    "users": pb.WATCH_SCOPE_USERS,
}


EXAMPLES = examples(
    ("leaderboard watch chess", "shows the first 10 ranks, full screen"),
    ("leaderboard watch chess --user ada --user bob", "follows two users"),
    ("leaderboard watch chess --scope all", "prints every change as a line"),
    ("leaderboard watch chess --json > chess.jsonl", "keeps what the service tells"),
)


@calls_server
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
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Watch a contest until it is over, or `q` or Ctrl-C is pressed.

    On a terminal the board fills the screen: with what moved, the updates of the last minute by the
    second, and the keys `q` to quit, `c` for another contest, and arrows or `j` and `k` to scroll.
    With the scope `all`, and in a pipe, each change is a line. With --json each message of the
    service is a line.

    A server that can't be reached within --timeout ends the command. Once the watch has begun it
    reconnects by itself, for as long as that takes, and goes on where it was: no change is missed
    or told twice. The screen says so meanwhile; otherwise lines on stderr do.
    """
    with making_request():
        request = pb.WatchContestRequest(
            contest_id=contest,
            limit=limit,
            scope=_SCOPES[scope or ("users" if user else "top")],
            user_ids=user,
        )
    try:
        asyncio.run(_show(request, target, as_json=as_json))
    except RefusedError as error:
        refused = error_of(error.refusal)
        raise CallError(refused, failure_text(refused, target.server, target.timeout)) from None
    except (MissedChangesError, StreamLostError) as error:
        why = f"no watch at {target.server}: {error}"
        raise CommandError(why, ExitCode.UNAVAILABLE) from None


async def _show(request: pb.WatchContestRequest, target: Target, *, as_json: bool) -> None:
    """Show a watch in the way that fits, until the contest is over or the user leaves.

    Raises:
        RefusedError: As `follow` does, and so with the other errors.
    """
    clock = asyncio.get_running_loop().time
    screen, tell = console(), trouble_teller(target.server, target.timeout)
    begin = partial(
        watch_contest,
        target.own_channel,
        limit=request.limit,
        scope=request.scope,
        user_ids=request.user_ids,
        metadata=lambda: target.metadata,
        clock=clock,
    )
    on_screen = screen.is_terminal and not screen.is_dumb_terminal and not as_json
    if on_screen and request.scope != pb.WATCH_SCOPE_ALL:
        await _on_screen(request.contest_id, begin, target, screen)
        return
    lines = MessageLines() if as_json else ChangeLines(request.contest_id, screen)
    views = [lines, ConnectionLines(tell, clock)]
    await follow(begin(request.contest_id), views, target.timeout)
    print_line(f"{request.contest_id} is over", stderr=True)


async def _on_screen(
    contest: str,
    begin: Callable[..., AsyncGenerator[WatchUpdate, None]],
    target: Target,
    screen: Console,
) -> None:
    """Show a watch on the whole screen; the board of a contest that is over stays below it."""
    tell = trouble_teller(target.server, target.timeout)
    with LiveScreen(tell, screen) as live:
        try:
            last = await live.watch(
                contest, partial(begin, min_interval=_SCREEN_INTERVAL), target.timeout
            )
        except asyncio.CancelledError:
            if live.ended_by is None:
                raise
            raise typer.Exit(_BY_SIGNAL + live.ended_by) from None
    if last is not None:
        screen.print(last.table())
        print_line(f"{last.contest} is over", stderr=True)

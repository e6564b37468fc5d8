"""The command `watch`: a contest as it changes, on a terminal, in a pipe or as JSON."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Literal

import typer
from rich.console import Console

from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.options import MAX_ROWS, AsJson, Contest, calls_server, examples
from leaderboard_cli.output import console, print_line, print_notice
from leaderboard_cli.target import Target
from leaderboard_cli.watch.formatting import format_end
from leaderboard_cli.watch.watch_loop import (
    ChangeLines,
    ConnectionLines,
    MessageLines,
    run_watch_loop,
)
from leaderboard_client import WatchState, WatchUpdate
from leaderboard_client.watch_session import TROUBLES

_SCREEN_INTERVAL_MS = 200
"""The shortest time between two changes of a board that eyes can follow; the server merges what
happens in between."""

_SIGNAL_EXIT_BASE = 128
"""Shells add the number of a signal to this for the exit code of a command that it ended."""

_SCOPES = {
    "top": pb.WATCH_SCOPE_TOP,
    "all": pb.WATCH_SCOPE_ALL,
    "users": pb.WATCH_SCOPE_USERS,
}

EXAMPLES = examples(
    ("leaderboard watch chess", "shows the first 10 rows, full screen"),
    ("leaderboard watch chess --user ada --user bob", "follows two users"),
    ("leaderboard watch chess --scope all", "prints every change as a line"),
    ("leaderboard watch chess --json > chess.jsonl", "saves the messages of the service"),
)


@calls_server
def watch(
    contest: Contest,
    *,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, max=MAX_ROWS, help="How many rows to watch.")
    ] = 10,
    scope: Annotated[
        Literal["top", "all", "users"] | None,
        typer.Option(
            help="The first rows, every change, or the users named with --user.",
            show_default="users with --user, else top",
        ),
    ] = None,
    user: Annotated[
        list[str] | None, typer.Option(metavar="USER", help="A user to watch; can be repeated.")
    ] = None,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Watch a contest until it is over or deleted, or `q` or Ctrl-C is pressed.

    On a terminal the board fills the screen, with the rows that moved, the updates of the last
    minute by the second, and the keys `q` to quit, `c` for another contest, and arrows or `j` and
    `k` to scroll; the final board of a contest that is over stays on the terminal. With the scope
    `all`, and in a pipe, each change is a line. With --json each message of the service is a line.
    Where a new season begins, the watch goes on with its empty board.

    A server that can't be reached within --timeout ends the command. Once the watch has begun it
    reconnects by itself, for as long as that takes, and resumes where it was: no change is missed
    or shown twice. Meanwhile the screen says so; otherwise lines on stderr do.
    """
    request = pb.WatchContestRequest(
        contest_id=contest,
        limit=limit,
        scope=_SCOPES[scope or ("users" if user else "top")],
        user_ids=user,
    )
    try:
        asyncio.run(_show(request, target, as_json=as_json))
    except TROUBLES as error:
        raise target.watch_error(error) from None


async def _show(request: pb.WatchContestRequest, target: Target, *, as_json: bool) -> None:
    """Show a watch on the screen or as lines, until the contest has ended or the user leaves.

    Raises:
        LeaderboardError: See `run_watch_loop`, also for the other errors.
    """
    screen = console()
    on_screen = screen.is_terminal and not screen.is_dumb_terminal and not as_json
    if on_screen and request.scope != pb.WATCH_SCOPE_ALL:
        await _show_on_screen(request, target, screen)
        return
    lines = MessageLines() if as_json else ChangeLines(request.contest_id, screen)
    clock = asyncio.get_running_loop().time
    connection_lines = ConnectionLines(target.failure_text, clock, as_json=as_json)
    views = [lines, connection_lines]
    state = await run_watch_loop(_begin(request, target), views, target.timeout)
    print_notice(format_end(request.contest_id, state), as_json=as_json)


async def _show_on_screen(request: pb.WatchContestRequest, target: Target, screen: Console) -> None:
    """Show a watch on the whole screen; the last board of a contest that is over stays below it."""
    # It needs a Unix terminal, which the lines of `watch` and the other commands do not.
    from leaderboard_cli.watch.live_screen import LiveScreen  # noqa: PLC0415

    request.min_interval.FromMilliseconds(_SCREEN_INTERVAL_MS)

    def begin(contest: str) -> AsyncGenerator[WatchUpdate, None]:
        chosen = pb.WatchContestRequest()
        chosen.CopyFrom(request)
        chosen.contest_id = contest
        return _begin(chosen, target)

    with LiveScreen(target.failure_text, screen) as live:
        try:
            last = await live.watch(request.contest_id, begin, target.timeout)
        except asyncio.CancelledError:
            if live.ended_by is None:
                raise
            raise typer.Exit(_SIGNAL_EXIT_BASE + live.ended_by) from None
    if last is not None:
        if last.state is not WatchState.DELETED:
            screen.print(last.table(screen.width))
        print_line(format_end(last.contest, last.state), stderr=True)


def _begin(request: pb.WatchContestRequest, target: Target) -> AsyncGenerator[WatchUpdate, None]:
    return target.watch(request, asyncio.get_running_loop().time)

"""The command `load` itself: its options, how it is run, and its summary."""

import asyncio
import contextlib
import selectors
from collections.abc import Coroutine
from typing import Annotated

import grpc
import typer
from rich import box
from rich.table import Table
from rich.text import Text

from leaderboard_cli.examples import examples
from leaderboard_cli.exit_codes import ExitCode
from leaderboard_cli.failures import CallError, CommandError, failure_text
from leaderboard_cli.latencies import PERCENTILES, milliseconds
from leaderboard_cli.load.calls import Calls, Kind
from leaderboard_cli.load.generator import generate
from leaderboard_cli.load.progress import show_progress
from leaderboard_cli.load.result import Result
from leaderboard_cli.options import AsJson
from leaderboard_cli.output import console, print_line, print_record
from leaderboard_cli.target import Target, calls_server
from leaderboard_client.errors import error_of
from leaderboard_client.refusal import Refusal, RefusedError
from leaderboard_client.update_rules import check_contest_id

_MAX_USERS = 100_000
_MAX_RATE = 100_000
_MAX_CONCURRENCY = 1000


EXAMPLES = examples(
    ("leaderboard load --rate 500 --duration 30", "sends 15,000 updates in 30 seconds"),
    ("leaderboard load --kind mix --users 10000", "sends updates, tops and ranks"),
    ("leaderboard load --rate 2000 --concurrency 200 --json", "prints the result for a script"),
    ("leaderboard load --server staging.example:50051 --yes", "loads another machine"),
)


@calls_server
def load(
    *,
    kind: Annotated[Kind, typer.Option(help="What to call; mix is 8 updates, 1 rank, 1 top.")] = (
        Kind.UPDATE
    ),
    rate: Annotated[
        float,
        typer.Option(metavar="N", min=0.1, max=_MAX_RATE, help="Calls a second."),
    ] = 100.0,
    duration: Annotated[
        float,
        typer.Option(metavar="SECONDS", min=0.1, max=86_400, help="For how long."),
    ] = 10.0,
    concurrency: Annotated[
        int,
        typer.Option(
            metavar="N", min=1, max=_MAX_CONCURRENCY, help="Calls under way at once, at most."
        ),
    ] = 100,
    contest: Annotated[
        str, typer.Option(metavar="CONTEST", help="The contest, which stays when it is over.")
    ] = "load",
    users: Annotated[
        int, typer.Option(metavar="N", min=1, max=_MAX_USERS, help="Users, chosen at random.")
    ] = 1000,
    yes: Annotated[
        bool, typer.Option("--yes", help="Load a server that is not on this machine.")
    ] = False,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Call a server at a rate, and print how long the calls took.

    Calls are made when they are due, also while earlier ones are under way, up to --concurrency.
    The latency counts from when a call was due: a server that stalls shows in it, for all the
    calls that it held up. It is of all calls: a failed one counts with the time until it failed,
    one that was due and never begun with its age at the end. Where there are such, a row `answered`
    is of the others alone. The lateness is how long after they were due calls were begun, or not;
    where it is high, the server or this process was at its limit. Nothing is sent again.

    The exit code is 8 where calls failed, else 7 where the rate was not kept.

    One process makes some thousand calls a second; run several for more. It writes: for reads too,
    the users are written first, with 0 points.
    """
    check_contest_id(contest)
    if not (yes or target.is_loopback):
        raise CommandError(
            f"{target.server} is not on this machine: load it with --yes if it is yours to load",
            ExitCode.INVALID,
        )
    result = Result(rate=rate)
    run = _run(target, kind, contest, users, result, duration, concurrency)
    interrupted = _interrupted(run)
    if as_json:
        print_record({"kind": kind.value, "server": target.server, **result.as_record()})
    else:
        _print_summary(result)
    if interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)
    if result.failed:
        raise typer.Exit(ExitCode.FAILED)
    if not result.kept:
        raise typer.Exit(ExitCode.WARNED)


def _interrupted(run: Coroutine[None, None, None]) -> bool:
    """Run to the end, or to Ctrl-C; tell which."""

    def precise() -> asyncio.AbstractEventLoop:
        # select() waits to the microsecond, where epoll rounds up to the next millisecond.
        return asyncio.SelectorEventLoop(selectors.SelectSelector())

    with asyncio.Runner(loop_factory=precise) as runner:
        try:
            runner.run(run)
        except KeyboardInterrupt:
            return True
    return False


async def _run(
    target: Target,
    kind: Kind,
    contest: str,
    users: int,
    result: Result,
    duration: float,
    concurrency: int,
) -> None:
    async with target.own_channel() as channel:
        calls = Calls(channel, target, kind, contest, users)
        try:
            async with asyncio.timeout(target.timeout):
                await channel.channel_ready()
            await calls.prepare()
        except TimeoutError:
            why = f"can't reach a leaderboard server at {target.server}; `leaderboard doctor` looks"
            raise CommandError(why, ExitCode.UNAVAILABLE) from None
        except grpc.RpcError as error:
            raise _failed(Refusal.of_call(error), target) from None
        except RefusedError as error:
            raise _failed(error.refusal, target) from None
        showing = asyncio.create_task(show_progress(result, f"{kind.value} {contest}", duration))
        try:
            await generate(calls, result, duration=duration, concurrency=concurrency)
        finally:
            showing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await showing


def _failed(refusal: Refusal, target: Target) -> CallError:
    error = error_of(refusal)
    return CallError(error, failure_text(error, target.server, target.timeout))


def _print_summary(result: Result) -> None:
    cut_off = f", {result.cut_off:,} cut off" if result.cut_off else ""
    print_line(
        f"{result.ended:,} calls in {result.seconds:.1f} s: {result.achieved_rate:,.0f}/s "
        f"of {result.rate:,g}/s asked for, {result.failed:,} failed{cut_off}"
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for percent in PERCENTILES:
        table.add_column(f"p{percent:g}", justify="right")
    table.add_column("max", justify="right")
    rows = {"latency": result.latency, "lateness": result.lateness}
    if result.answered < result.due:
        rows["answered"] = result.answer
    for name, taken in rows.items():
        values = [*map(taken.percentile, PERCENTILES), taken.longest]
        table.add_row(Text(name), *(Text(milliseconds(value)) for value in values))
    console().print(table)
    for status, count in result.errors.most_common():
        print_line(f"{status}: {count:,}")
    if not result.kept:
        print_line(
            f"the rate was not kept: {result.left_out:,} calls were due and not begun, for the "
            "server or this process was at its limit, or --concurrency too low"
        )

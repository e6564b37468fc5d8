"""The command `load`: calls a server at a rate that does not depend on how fast it answers."""

import asyncio
import contextlib
import selectors
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Annotated

import grpc
import typer

from leaderboard_cli.failures import CommandError, ExitCode
from leaderboard_cli.load.calls import Calls, Kind
from leaderboard_cli.load.generator import generate
from leaderboard_cli.load.result import LoadResult, print_summary, show_progress
from leaderboard_cli.options import AsJson, calls_server, examples
from leaderboard_cli.output import print_record
from leaderboard_cli.target import Target
from leaderboard_client.errors import LeaderboardError
from leaderboard_client.rpc_status import error_from_call
from leaderboard_client.update_rules import check_contest_id

_MAX_USERS = 100_000
_MAX_RATE = 100_000
_MAX_CONCURRENCY = 1000
_MAX_DURATION = 86_400

EXAMPLES = examples(
    ("leaderboard load --rate 500 --duration 30", "sends 15,000 updates in 30 seconds"),
    ("leaderboard load --kind mix --users 10000", "sends updates, tops and ranks"),
    ("leaderboard load --rate 2000 --concurrency 200 --json", "prints the result for a script"),
    ("leaderboard load --server staging.example:50051 --yes", "loads another machine"),
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The calls of a load, besides their rate."""

    kind: Kind
    contest: str
    users: int
    duration: float
    concurrency: int


@calls_server
def load(
    *,
    kind: Annotated[
        Kind, typer.Option(help="The call to make; mix is 8 updates, 1 rank, 1 top.")
    ] = Kind.UPDATE,
    rate: Annotated[
        float, typer.Option(metavar="N", min=0.1, max=_MAX_RATE, help="Calls per second.")
    ] = 100.0,
    duration: Annotated[
        float, typer.Option(metavar="SECONDS", min=0.1, max=_MAX_DURATION, help="For how long.")
    ] = 10.0,
    concurrency: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=_MAX_CONCURRENCY, help="The most calls in flight."),
    ] = 100,
    contest: Annotated[
        str, typer.Option(metavar="CONTEST", help="The contest; it is not removed afterwards.")
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

    Each call is made when it is due, also while earlier ones are in flight, up to --concurrency.
    Its latency counts from when it was due, so that a server that stalls shows in the latency of
    all the calls that it delayed. A failed call counts with the time until it failed, a call that
    was due and never begun with its age at the end. If there are such calls, the row `answered`
    shows only the others. The lateness is the time from when a call was due until it was begun; if
    it is high, the server or this process was at its limit. No call is retried.

    The exit code is 8 if calls failed, else 7 if the rate was not kept.

    One process makes some thousand calls per second; run several for more. This command writes:
    for reads too, the users are written first, with 0 points.
    """
    check_contest_id(contest)
    if not (yes or target.is_loopback):
        raise CommandError(
            f"{target.server} is not on this machine: load it with --yes if it is yours to load",
            ExitCode.INVALID,
        )
    plan = _Plan(kind, contest, users, duration, concurrency)
    result = LoadResult(rate=rate)
    interrupted = _run_until_interrupted(_make_calls(plan, target, result))
    if as_json:
        print_record({"kind": kind.value, "server": target.server, **result.as_record()})
    else:
        print_summary(result)
    if interrupted:
        raise typer.Exit(ExitCode.INTERRUPTED)
    if result.failed:
        raise typer.Exit(ExitCode.FAILED)
    if not result.kept:
        raise typer.Exit(ExitCode.WARNED)


async def _make_calls(plan: _Plan, target: Target, result: LoadResult) -> None:
    """Make all calls of a load, and show the progress."""
    async with contextlib.AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(channel) for channel in target.async_channels()]
        calls = Calls(channels, target, plan.kind, plan.contest, plan.users)
        await _prepare(calls, channels, target)
        progress = show_progress(result, f"{plan.kind.value} {plan.contest}", plan.duration)
        showing = asyncio.create_task(progress)
        try:
            await generate(calls, result, duration=plan.duration, concurrency=plan.concurrency)
        finally:
            showing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await showing


async def _prepare(calls: Calls, channels: Sequence[grpc.aio.Channel], target: Target) -> None:
    try:
        async with asyncio.timeout(target.timeout):
            for server, channel in zip(target.servers, channels, strict=True):
                away = server.address
                await channel.channel_ready()
        await calls.prepare()
    except TimeoutError:
        why = f"can't reach a leaderboard server at {away}"
        advice = "`leaderboard doctor` finds out why"
        raise CommandError(f"{why}; {advice}", ExitCode.UNAVAILABLE) from None
    except grpc.RpcError as error:
        raise target.call_error(error_from_call(error)) from None
    except LeaderboardError as error:
        raise target.call_error(error) from None


def _run_until_interrupted(run: Coroutine[None, None, None]) -> bool:
    """Run to the end or to Ctrl-C; return whether it was Ctrl-C."""

    def precise() -> asyncio.AbstractEventLoop:
        # select() waits to the microsecond, where epoll rounds up to the next millisecond.
        return asyncio.SelectorEventLoop(selectors.SelectSelector())

    with asyncio.Runner(loop_factory=precise) as runner:
        try:
            runner.run(run)
        except KeyboardInterrupt:
            return True
    return False

"""Does what moves the series of two servers, as their callers would."""

import asyncio
import contextlib
import os
import sysconfig
from pathlib import Path

import grpc
from google.protobuf.duration_pb2 import Duration

from harness.calls import DEADLINE_S, add, top
from harness.service import ServiceProcess
from harness.watcher import Watcher
from leaderboard.v1 import contests_pb2
from leaderboard.v1 import leaderboard_pb2 as pb

_COMMAND = str(Path(sysconfig.get_path("scripts")) / "leaderboard")
_LARGE = (("x-large", "x" * 20_000),)
"""Metadata over the limit, which are refused."""


async def command(*arguments: str) -> tuple[int, str]:
    """Run the `leaderboard` command, and return its exit code and what it printed."""
    plain = {name: value for name, value in os.environ.items() if "LEADERBOARD" not in name}
    process = await asyncio.create_subprocess_exec(
        _COMMAND,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=plain,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


async def load(server: ServiceProcess) -> None:
    """Put a mixed load on a server by `leaderboard load`."""
    rate = ("--kind", "mix", "--rate", "50", "--duration", "3", "--users", "50")
    code, printed = await command("load", "--server", server.address, *rate)
    assert code in {0, 7}, printed  # 7: a busy machine did not keep the rate


async def watch(server: ServiceProcess) -> None:
    """Watch a contest with each scope while it changes, and resume a watch."""
    scopes = {pb.WATCH_SCOPE_TOP: (), pb.WATCH_SCOPE_ALL: (), pb.WATCH_SCOPE_USERS: ("ada",)}
    await add(server.stub, "cup", "ada", 1)
    async with contextlib.AsyncExitStack() as stack:
        for scope, users in scopes.items():
            watcher = await stack.enter_async_context(Watcher("cup", scope=scope, user_ids=users))
            await watcher.open(server.stub)
        for _ in range(20):
            await add(server.stub, "cup", "ada", 1)
        position = watcher.checker.position
        await watcher.hang_up()
        last = await add(server.stub, "cup", "ada", 1)
        await watcher.open(server.stub, resume_after=position)
        await watcher.reach(last.position)
        await asyncio.sleep(2.5)  # two scrapes: open watches are seen by them alone


async def fail(server: ServiceProcess) -> None:
    """Make calls that end with errors: an absent user, and metadata that a limit refuses."""
    absent = pb.GetUserRankRequest(contest_id="cup", user_id="nobody")
    request = pb.GetTopUsersRequest(contest_id="cup")
    for call in (
        server.stub.GetUserRank(absent, timeout=DEADLINE_S),
        server.stub.GetTopUsers(request, timeout=DEADLINE_S, metadata=_LARGE),
    ):
        with contextlib.suppress(grpc.aio.AioRpcError):
            await call


async def read_again(server: ServiceProcess) -> None:
    """Read one board several times, so that a cache can answer."""
    for _ in range(20):
        await top(server.stub, "cup", limit=10)


async def end_season(server: ServiceProcess) -> None:
    """End the season of a contest."""
    await add(server.stub, "week", "ada", 1)
    get = contests_pb2.GetContestRequest(contest_id="week")
    season = (await server.contests.GetContest(get, timeout=DEADLINE_S)).contest.season
    reset = contests_pb2.ResetContestRequest(contest_id="week", season=season)
    await server.contests.ResetContest(reset, timeout=DEADLINE_S)


async def let_expire(server: ServiceProcess) -> None:
    """End a contest that expires after a second, so that a sweep deletes it."""
    await add(server.stub, "over", "ada", 1)
    contest = contests_pb2.Contest(contest_id="over", expire_after=Duration(seconds=1))
    contest.ends_at.GetCurrentTime()
    request = contests_pb2.UpdateContestRequest(contest=contest)
    request.update_mask.paths.extend(["expire_after", "ends_at"])
    await server.contests.UpdateContest(request, timeout=DEADLINE_S)

"""Erasure of a user from more contests than one part takes, interrupted and continued elsewhere."""

import asyncio
import contextlib
import json
import signal
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from redis.asyncio import Redis

from cli.command import COMMAND
from contests.two_servers import DEADLINE_S, everything
from harness.calls import add, top
from harness.cluster_store import Store
from harness.proxy import StoreProxy
from harness.service import ServiceProcess, all_serving
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("on_each_listener")]

ERASED = "erased-3f81@example.com"
IDS = tuple(f"c-{number:04}" for number in range(1_200))
HOLDERS = tuple(contest_id for number, contest_id in enumerate(IDS) if number % 6)
"""The contests that hold the user; in some of them it is hidden."""
OTHERS = IDS[::6]
IN_SECOND_PART = b"{c-0600}:hidden"
"""A key of a contest of the second part, which has 400 after it, that only moderation uses."""
_AT_ONCE = 1_000


class Pair(NamedTuple):
    """Two servers on one store, which is filled; the first one reaches it through a proxy."""

    first: ServiceProcess
    second: ServiceProcess
    proxy: StoreProxy
    redis: Redis


@contextlib.asynccontextmanager
async def filled_pair(store: Store, folder: Path) -> AsyncIterator[Pair]:
    """Run two servers on a store for a block, and fill it."""
    async with StoreProxy(*store.ports) as proxy, store.client() as redis:
        first = ServiceProcess(folder / "first", redis_url=proxy.url)
        second = ServiceProcess(folder / "second", redis_url=store.url)
        async with all_serving(first, second):
            rows = [(each, "ada") for each in IDS] + [(each, ERASED) for each in HOLDERS]
            updates = [
                pb.UpdateScoreRequest(contest_id=contest_id, user_id=user_id, points=1)
                for contest_id, user_id in rows
            ]
            for start in range(0, len(updates), _AT_ONCE):
                batch = pb.BatchUpdateScoresRequest(updates=updates[start : start + _AT_ONCE])
                await second.stub.BatchUpdateScores(batch, timeout=DEADLINE_S)
            for contest_id in HOLDERS[::50]:
                hide = contests.HideUsersRequest(contest_id=contest_id, user_ids=[ERASED])
                await second.contests.HideUsers(hide, timeout=DEADLINE_S)
            yield Pair(first, second, proxy, redis)


async def erase(server: ServiceProcess, token: str = "") -> contests.EraseUserResponse:
    """Erase the user from a part of all contests."""
    request = contests.EraseUserRequest(user_id=ERASED, page_token=token)
    part: contests.EraseUserResponse = await server.contests.EraseUser(request, timeout=DEADLINE_S)
    return part


async def erase_from(server: ServiceProcess, token: str = "") -> int:
    """Erase the user from all contests after a token; return how many held it."""
    part = await erase(server, token)
    changed = int(part.contests_changed)
    while part.next_page_token:
        part = await erase(server, part.next_page_token)
        changed += part.contests_changed
    return changed


async def holding(redis: Redis) -> set[str]:
    """Return the contests whose keys have the user's id."""
    return {
        key.split("{")[1].split("}")[0]
        async for key, held in everything(redis)
        if any(ERASED in text for text in held)
    }


async def test_user_is_erased_in_parts(each_store: Store, tmp_path: Path) -> None:
    """Another server goes on with the token; only a contest that begins meanwhile may be missed."""
    async with filled_pair(each_store, tmp_path) as pair:
        before = {each: (await top(pair.first.stub, each)).position for each in OTHERS}

        part = await erase(pair.first)
        begun = {"a-begun-meanwhile", "d-begun-meanwhile"}
        for contest_id in begun:
            await add(pair.first.stub, contest_id, ERASED, 1)
        rest = await erase_from(pair.second, part.next_page_token)

        missed = await holding(pair.redis)
        assert missed <= begun
        assert part.contests_changed < rest
        assert part.contests_changed + rest == len(HOLDERS) + len(begun) - len(missed)
        assert await erase_from(pair.first) == len(missed)
        assert not await holding(pair.redis)
        assert await erase_from(pair.second) == 0
        for server in (pair.first, pair.second):
            for contest_id, position in before.items():
                assert (await top(server.stub, contest_id)).position == position
            for contest_id in HOLDERS[::20]:
                board = await top(server.stub, contest_id)
                assert [user.user_id for user in board.users] == ["ada"]


async def test_part_that_is_broken_off_is_done_again(each_store: Store, tmp_path: Path) -> None:
    """A server dies within a part; another one does it again, and counts what is left."""
    async with filled_pair(each_store, tmp_path) as pair:
        part = await erase(pair.first)
        left = await holding(pair.redis)
        assert len(left) == len(HOLDERS) - part.contests_changed
        reached = pair.proxy.intercept("EVALSHA", holding=IN_SECOND_PART)

        broken = asyncio.create_task(erase(pair.first, part.next_page_token))
        await reached.forwarded()
        pair.proxy.swallow()
        await pair.first.kill()
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await broken

        assert failed.value.code() == grpc.StatusCode.UNAVAILABLE
        still_left = await holding(pair.redis)
        assert still_left < left
        assert IDS[-1] in still_left
        assert await erase_from(pair.second, part.next_page_token) == len(still_left)
        assert not await holding(pair.redis)


async def run_command(*arguments: str) -> asyncio.subprocess.Process:
    """Run `leaderboard user erase` for the user, with a report for scripts."""
    command = (COMMAND, "user", "erase", ERASED, "--yes", "--json", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)


async def report(run: asyncio.subprocess.Process) -> tuple[int | None, dict[str, Any]]:
    """Return the exit code and the report of a run."""
    out, _ = await asyncio.wait_for(run.communicate(), DEADLINE_S)
    return run.returncode, json.loads(out)


async def test_command_goes_on_at_another_server(each_store: Store, tmp_path: Path) -> None:
    """Ctrl-C in the second part ends `user erase` with the token to go on with."""
    async with filled_pair(each_store, tmp_path) as pair:
        reached = pair.proxy.intercept("EVALSHA", holding=IN_SECOND_PART)
        run = await run_command("--server", pair.first.address)
        await reached.forwarded(within=DEADLINE_S)
        pair.proxy.swallow()
        run.send_signal(signal.SIGINT)
        code, stopped = await report(run)

        left = await holding(pair.redis)
        rest = await run_command(
            "--server", pair.second.address, "--from", stopped["continue_from"]
        )
        done_code, done = await report(rest)

        assert (code, stopped["parts"]) == (ExitCode.INTERRUPTED, 1)
        assert stopped["contests_changed"] < len(HOLDERS) - len(left) < len(HOLDERS)
        assert (done_code, done["contests_changed"]) == (ExitCode.OK, len(left))
        assert (done["stopped"], done["continue_from"]) == (None, None)
        assert not await holding(pair.redis)

"""Exact and fair ties: no score passes the bound and no tie is turned, whatever dies meanwhile."""

import asyncio

import grpc

from harness.calls import add, top
from harness.service import Pair, ServiceProcess
from harness.statuses import status_of
from harness.stores import StoreProcess
from leaderboard.v1 import leaderboard_pb2 as pb

_BOUND = 2**53


async def test_exact_when_two_servers_race_for_the_bound(pair: Pair) -> None:
    """Of writes that together would pass 2^53 exactly those that fit are taken."""
    await add(pair.direct.stub, "cup", "ada", _BOUND - 30)

    async def try_one(server: ServiceProcess) -> bool:
        try:
            await add(server.stub, "cup", "ada", 1)
        except grpc.aio.AioRpcError as error:
            status = status_of(error)
            assert status.code is grpc.StatusCode.OUT_OF_RANGE
            assert status.reason == "ERROR_REASON_SCORE_OUT_OF_RANGE"
            return False
        return True

    taken = await asyncio.gather(*(try_one(server) for server in pair * 50))

    assert sum(taken) == 30
    for server in pair:
        last = await add(server.stub, "cup", "ada", 0)
        assert (last.user.score, last.applied, last.position.revision) == (_BOUND, False, 31)


async def test_fair_ties_through_two_servers_and_the_death_of_all(
    pair: Pair, own_store: StoreProcess
) -> None:
    """Who reached a score first stays ahead of those who reached it later, through kills too."""
    users = [f"user-{number * 37 % 20:02}" for number in range(20)]
    for number, user_id in enumerate(users):
        await add(pair[number % 2].stub, "cup", user_id, 10)
    await add(pair.proxied.stub, "cup", users[-1], 0)
    await add(pair.direct.stub, "cup", users[0], 1)
    back = await add(pair.proxied.stub, "cup", users[0], -1)
    due = [*users[1:], users[0]]
    assert await _order(pair.direct, back.position) == due

    await own_store.kill()
    await pair.direct.kill()
    await own_store.start()
    await pair.direct.start()

    assert await _order(pair.direct, back.position) == due
    assert await _order(pair.proxied, back.position) == due


async def _order(server: ServiceProcess, min_position: pb.Position) -> list[str]:
    board = await top(server.stub, "cup", min_position=min_position)
    return [user.user_id for user in board.users]

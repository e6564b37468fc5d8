"""Promise 4, exact scores: no score passes the bound, on any number of servers."""

import asyncio

import grpc

from harness.calls import add
from harness.service import Pair, ServiceProcess
from harness.statuses import status_of
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour

_BOUND = 2**53


@on_a_cluster_too("own_store", Flavour.VALKEY)
async def test_bound_holds_when_two_servers_race_for_it(pair: Pair) -> None:
    """If concurrent writes would pass 2^53 together, exactly those that fit are accepted."""
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

    accepted = await asyncio.gather(*(try_one(server) for server in pair * 50))

    assert sum(accepted) == 30
    for server in pair:
        last = await add(server.stub, "cup", "ada", 0)
        assert (last.user.score, last.applied, last.position.revision) == (_BOUND, False, 31)

"""Promise 5, read-your-writes: no answer is older than an acknowledged write or `min_position`."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import grpc
import pytest

from harness.calls import DEADLINE_S, add, scores, top
from harness.cluster_store import Store
from harness.proxy import StoreProxy
from harness.service import Pair, ServiceProcess
from harness.statuses import status_of
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = [
    pytest.mark.usefixtures("on_each_listener"),
    on_a_cluster_too("own_store", Flavour.VALKEY),
]

_FEED = "SUBSCRIBE"


async def _cut_the_connection(proxy: StoreProxy, _store: Store) -> None:
    await proxy.cut(_FEED)


async def _kill_the_client(_proxy: StoreProxy, store: Store) -> None:
    await store.end_feeds()


@pytest.mark.parametrize("break_off", [_cut_the_connection, _kill_the_client])
async def test_writes_are_read_when_the_feed_is_lost(
    break_off: Callable[[StoreProxy, Store], Awaitable[None]],
    pair: Pair,
    proxy: StoreProxy,
    own_store: Store,
) -> None:
    """Own writes are read at once; others at once with their position, and soon without it."""
    for number in range(1, 16):
        await scores(pair.proxied.stub, "cup")
        await break_off(proxy, own_store)

        theirs = await add(pair.direct.stub, "cup", "theirs", 1)
        seen = await scores(pair.proxied.stub, "cup", min_position=theirs.position)
        assert seen["theirs"] == number
        await add(pair.proxied.stub, "cup", "own", 1)
        seen = await scores(pair.proxied.stub, "cup")
        assert (seen["theirs"], seen["own"]) == (number, number)
        await add(pair.direct.stub, "cup", "late", 1)
        await _eventually_shows(pair.proxied, {"late": number})


async def test_writes_are_read_when_the_feed_falls_silent(pair: Pair, proxy: StoreProxy) -> None:
    """A silent feed is detected, and boards are then read from the store."""
    await add(pair.proxied.stub, "cup", "own", 1)
    await scores(pair.proxied.stub, "cup")
    proxy.swallow(_FEED)

    theirs = await add(pair.direct.stub, "cup", "theirs", 1)
    seen = await scores(pair.proxied.stub, "cup", min_position=theirs.position)
    assert seen == {"own": 1, "theirs": 1}
    await add(pair.proxied.stub, "cup", "own", 1)
    assert (await scores(pair.proxied.stub, "cup"))["own"] == 2
    await add(pair.direct.stub, "cup", "late", 1)
    await _eventually_shows(pair.proxied, {"late": 1})


async def _eventually_shows(service: ServiceProcess, part: dict[str, int]) -> None:
    async def shows() -> bool:
        return part.items() <= (await scores(service.stub, "cup")).items()

    await eventually(shows, f"{part} without a position")


async def test_writes_are_read_when_the_store_replies_late(pair: Pair, proxy: StoreProxy) -> None:
    """A read in flight while a write is acknowledged doesn't hide the write from later reads."""
    proxy.delay = 0.01

    async def write_and_read(client: int) -> None:
        user_id = f"user-{client}"
        for number in range(1, 16):
            await add((pair.proxied if client else pair.direct).stub, "cup", user_id, 1)
            seen = await scores(pair.proxied.stub, "cup")
            if client:
                assert seen[user_id] == number

    await asyncio.gather(*(write_and_read(client) for client in range(6)))


async def test_writes_are_read_through_another_server_with_the_position(pair: Pair) -> None:
    """A read with the position of a write has the write, on any server."""
    servers = [server.stub for server in pair]

    async def write_and_read(client: int) -> None:
        choice = random.Random(client)
        user_id, score = f"user-{client}", 0
        for _ in range(25):
            contest_id = "cup"
            writer, reader = choice.sample(servers, 2)
            points = choice.randint(-5, 20)
            score += points
            written = await add(writer, contest_id, user_id, points)
            assert written.user.score == score
            if choice.random() < 0.3:
                request = pb.GetUserRankRequest(
                    contest_id=contest_id, user_id=user_id, min_position=written.position
                )
                read = await reader.GetUserRank(request, timeout=DEADLINE_S)
                assert read.user.score == score
            else:
                board = await top(reader, contest_id, min_position=written.position)
                assert {user.user_id: user.score for user in board.users}[user_id] == score
                assert board.position.revision >= written.position.revision
            own = await scores(writer, contest_id)
            assert own[user_id] == score

    await asyncio.gather(*(write_and_read(client) for client in range(10)))

    last = (await add(servers[0], "cup", "user-0", 0)).position
    boards = [await top(server, "cup", min_position=last) for server in servers]
    assert boards[0] == boards[1]


async def test_unreachable_position_is_rejected(service: ServiceProcess) -> None:
    """A read with a position later than the store's, or of another history, fails at once."""
    written = await add(service.stub, "cup", "ada", 1)
    later = pb.Position(epoch=written.position.epoch, revision=2)
    elsewhere = pb.Position(epoch="of-another-history", revision=1)

    for unreachable in (later, elsewhere):
        with pytest.raises(grpc.aio.AioRpcError) as rejected:
            await top(service.stub, "cup", min_position=unreachable)
        status = status_of(rejected.value)
        assert status.code is grpc.StatusCode.FAILED_PRECONDITION
        assert status.reason == "ERROR_REASON_POSITION_UNREACHABLE"
        assert status.metadata["revision"] == "1"

"""Promise 1, exactly-once writes: a write takes effect once, whatever fails and is repeated."""

import asyncio
from collections import Counter

import grpc
import pytest

from harness.calls import add, scores, top
from harness.cluster_store import Store
from harness.load import Load, persist
from harness.proxy import StoreProxy
from harness.service import Pair, ServiceProcess
from harness.statuses import status_of
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.usefixtures("on_each_listener")

_MORE_THAN_ANY_RESENDS = 20
_ON_A_CLUSTER_TOO = on_a_cluster_too("own_store", Flavour.VALKEY)
_ON_CLUSTERS_THAT_CRASH = on_a_cluster_too("own_store", Flavour.VALKEY, is_own=True, is_slow=True)


@_ON_A_CLUSTER_TOO
async def test_write_counts_once_when_the_reply_to_its_commit_is_lost(
    proxied: ServiceProcess, proxy: StoreProxy
) -> None:
    """A commit that the server resends gets its first reply, even without a request id."""
    await add(proxied.stub, "cup", "ada", 1)
    interceptor = proxy.intercept("EVALSHA", holding=b"ada", drops=1)

    answer = await add(proxied.stub, "cup", "ada", 5)

    await interceptor.dropped()
    assert (answer.previous_score, answer.user.score) == (1, 6)
    assert answer.applied
    assert not answer.replayed
    assert answer.position.revision == 2
    assert await scores(proxied.stub, "cup") == {"ada": 6}


@_ON_A_CLUSTER_TOO
@pytest.mark.parametrize("elsewhere", [False, True], ids=["same server", "other server"])
async def test_write_counts_once_when_the_client_repeats_it(
    pair: Pair, proxy: StoreProxy, *, elsewhere: bool
) -> None:
    """A repeat gets the first answer, marked as replayed, from any server."""
    await add(pair.proxied.stub, "cup", "ada", 1)
    interceptor = proxy.intercept("EVALSHA", holding=b"write-2", drops=_MORE_THAN_ANY_RESENDS)
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await add(pair.proxied.stub, "cup", "ada", 5, "write-2")
    assert status_of(failed.value).reason == "ERROR_REASON_STORE_UNAVAILABLE"
    await interceptor.dropped()
    interceptor.stop_dropping()

    repeated = await add(
        (pair.direct if elsewhere else pair.proxied).stub, "cup", "ada", 5, "write-2"
    )

    assert repeated.replayed
    assert (repeated.previous_score, repeated.user.score) == (1, 6)
    assert repeated.position.revision == 2
    assert await scores(pair.direct.stub, "cup", min_position=repeated.position) == {"ada": 6}


@_ON_A_CLUSTER_TOO
async def test_writes_count_once_when_the_script_cache_is_flushed(
    service: ServiceProcess, own_store: Store
) -> None:
    """If the store loses its scripts, they are sent again, and no call fails."""
    users = [f"user-{number}" for number in range(10)]

    await add(service.stub, "cup", users[0], 0)
    written = 0

    async def write(user_id: str) -> None:
        nonlocal written
        for _ in range(20):
            await add(service.stub, "cup", user_id, 1)
            written += 1

    async with asyncio.TaskGroup() as group, own_store.client() as client:
        for user_id in users:
            group.create_task(write(user_id))
        while written < 150:
            await client.script_flush()
            due = written + 20
            await eventually(lambda: written >= due, "20 more writes")  # noqa: B023

    assert await scores(service.stub, "cup") == dict.fromkeys(users, 20)


@_ON_CLUSTERS_THAT_CRASH
async def test_writes_count_once_when_the_store_hangs(
    service: ServiceProcess, own_store: Store
) -> None:
    """While the store hangs, calls end within their deadlines, and none counts twice later."""
    async with Load(service.stub, "cup", clients=10) as load:
        await load.more_writes(50)
        own_store.freeze()
        try:
            hang = asyncio.create_task(asyncio.sleep(3))
            short = await asyncio.gather(*(_try(service, f"short-{n}", 0.5) for n in range(10)))
            long = await asyncio.gather(*(_try(service, f"long-{n}", 30) for n in range(10)))
            await hang
        finally:
            own_store.thaw()
        await load.more_writes(50)

    assert set(short) <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE}
    assert set(long) == {grpc.StatusCode.UNAVAILABLE}
    found = Counter(await scores(service.stub, "cup"))
    unnamed = {user: found.pop(user) for user in list(found) if not user.startswith("user-")}
    assert set(unnamed.values()) <= {1}
    assert found == load.scores


async def _try(service: ServiceProcess, user_id: str, deadline: float) -> grpc.StatusCode:
    request = pb.UpdateScoreRequest(contest_id="cup", user_id=user_id, points=1)
    try:
        await service.stub.UpdateScore(request, timeout=deadline)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


@_ON_A_CLUSTER_TOO
async def test_writes_count_once_when_the_service_is_killed(service: ServiceProcess) -> None:
    """Each of 1,000 concurrent updates, repeated until acknowledged, counts once."""
    requests = [
        pb.UpdateScoreRequest(
            contest_id=f"cup-{number % 4}",
            user_id=f"user-{number % 50}",
            points=number,
            request_id=f"write-{number}",
        )
        for number in range(1, 1001)
    ]
    due: dict[str, Counter[str]] = {f"cup-{number}": Counter() for number in range(4)}
    for request in requests:
        due[request.contest_id][request.user_id] += request.points

    acknowledged, some_acknowledged = 0, asyncio.Event()

    def on_acknowledged(_: object) -> None:
        nonlocal acknowledged
        acknowledged += 1
        if acknowledged == 200:
            some_acknowledged.set()

    writes = [asyncio.create_task(persist(service.stub, request)) for request in requests]
    for write in writes:
        write.add_done_callback(on_acknowledged)
    async with asyncio.timeout(10):
        await some_acknowledged.wait()
    await service.kill()
    interrupted = sum(not write.done() for write in writes)
    await service.start()
    await asyncio.gather(*writes)

    assert interrupted > 0
    for contest_id, users in due.items():
        board = await top(service.stub, contest_id)
        assert {user.user_id: user.score for user in board.users} == users
        assert board.position.revision == 250

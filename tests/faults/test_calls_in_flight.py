"""Calls that share a turn, a batch or a connection: each ends for itself, and counts at most once.

The calls are updates and ranks, which a listener hands over as lists.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any

import grpc
import pytest

from harness.calls import DEADLINE_S, add, scores
from harness.cluster_store import ClusterStore, Store
from harness.proxy import StoreProxy
from harness.service import ServiceProcess
from harness.statuses import status_of
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb

pytestmark = pytest.mark.usefixtures("on_each_listener")

_CONTESTS = [f"cup-{number}" for number in range(10)]
_ON_A_CLUSTER_TOO = on_a_cluster_too("own_store", Flavour.VALKEY, is_slow=True)
_ON_CLUSTERS_THAT_CRASH = on_a_cluster_too("own_store", Flavour.VALKEY, is_own=True, is_slow=True)
_ENDS = pytest.mark.parametrize("end", ["cancelled", "past its deadline"])


def _update(service: ServiceProcess, contest_id: str, user_id: str, timeout: float) -> Any:
    request = pb.UpdateScoreRequest(contest_id=contest_id, user_id=user_id, points=1)
    return service.stub.UpdateScore(request, timeout=timeout)


def _rank(
    service: ServiceProcess, contest_id: str, user_id: str, timeout: float = DEADLINE_S
) -> Any:
    request = pb.GetUserRankRequest(contest_id=contest_id, user_id=user_id)
    return service.stub.GetUserRank(request, timeout=timeout)


def _calls(service: ServiceProcess, user_id: str) -> list[Awaitable[Any]]:
    """Start an update of a user and ranks of another one in every contest."""
    return [
        asyncio.ensure_future(call)
        for contest_id in _CONTESTS
        for call in (
            _update(service, contest_id, user_id, DEADLINE_S),
            _rank(service, contest_id, "ada"),
            _rank(service, contest_id, "ada"),
        )
    ]


async def _with_ada(service: ServiceProcess, contests: Iterable[str] = _CONTESTS) -> None:
    await asyncio.gather(*(add(service.stub, contest_id, "ada", 1) for contest_id in contests))
    await asyncio.gather(*(_rank(service, contest_id, "ada") for contest_id in contests))


async def _end(calls: Sequence[Any], end: str) -> None:
    """Cancel calls, or wait for their deadlines."""
    if end == "cancelled":
        for call in calls:
            call.cancel()
    for call in calls:
        code = await call.code()
        assert code.name == ("CANCELLED" if end == "cancelled" else "DEADLINE_EXCEEDED")


async def _statuses(calls: Iterable[Awaitable[Any]]) -> list[str]:
    """Return the reason that each call failed with, or OK."""
    ended = await asyncio.gather(*calls, return_exceptions=True)
    return [
        status_of(each).reason if isinstance(each, grpc.aio.AioRpcError) else "OK" for each in ended
    ]


@_ON_A_CLUSTER_TOO
@_ENDS
async def test_calls_that_end_before_they_are_sent(
    proxied: ServiceProcess, proxy: StoreProxy, end: str
) -> None:
    """Updates and ranks that end while they wait for a batch before never reach the store."""
    await _with_ada(proxied, ["cup"])
    timeout = 0.5 if end == "past its deadline" else DEADLINE_S
    proxy.delay = 0.7  # less than the time that a node of a cluster has for a reply
    sent = [proxy.intercept("EVALSHA", holding=user_id) for user_id in (b"first", b"ada")]
    first = [_update(proxied, "cup", "first", DEADLINE_S), _rank(proxied, "cup", "ada")]
    for interceptor in sent:
        await interceptor.forwarded()
    never = proxy.intercept("EVALSHA", holding=b"gone")
    gone = [
        call
        for _ in range(20)
        for call in (
            _update(proxied, "cup", "gone", timeout),
            _rank(proxied, "cup", "gone", timeout),
        )
    ]
    stays = [_update(proxied, "cup", "stays", DEADLINE_S), _rank(proxied, "cup", "ada")]
    await proxied.health()  # the calls sent before it have arrived
    await _end(gone, end)

    await asyncio.gather(*first, *stays)
    proxy.delay = 0.0
    assert await scores(proxied.stub, "cup") == {"ada": 1, "first": 1, "stays": 1}
    with pytest.raises(AssertionError):
        await never.forwarded(within=0.1)


@_ON_A_CLUSTER_TOO
@_ENDS
async def test_calls_that_end_in_flight(
    proxied: ServiceProcess, proxy: StoreProxy, end: str
) -> None:
    """An update that was sent counts once, and the calls of its batch have their results."""
    await _with_ada(proxied, ["cup"])
    timeout = 0.5 if end == "past its deadline" else DEADLINE_S
    proxy.delay = 0.7  # less than the time that a node of a cluster has for a reply
    update = proxy.intercept("EVALSHA", holding=b"gone")
    rank = proxy.intercept("EVALSHA", holding=b"ada")
    gone = [_update(proxied, "cup", "gone", timeout), _rank(proxied, "cup", "ada", timeout)]
    await update.forwarded()
    await rank.forwarded()
    next_calls = asyncio.gather(
        _update(proxied, "cup", "gone", DEADLINE_S), _rank(proxied, "cup", "ada")
    )
    await _end(gone, end)

    proxy.delay = 0.0
    updated, standing = await next_calls
    assert (updated.user.score, updated.position.revision) == (2, 3)
    assert standing.user.score == 1
    assert await scores(proxied.stub, "cup") == {"ada": 1, "gone": 2}


@_ON_A_CLUSTER_TOO
async def test_the_connection_is_lost_with_many_calls_in_flight(
    proxied: ServiceProcess, proxy: StoreProxy, own_store: Store
) -> None:
    """All calls are sent again and succeed, and each update counts once."""
    await _with_ada(proxied)
    proxy.delay = 0.5
    sent = proxy.commands["EVALSHA"]
    calls = _calls(proxied, "bob")
    await eventually(lambda: proxy.commands["EVALSHA"] >= sent + 2 * len(_CONTESTS), "all sent")
    assert await proxy.cut("EVALSHA") == (6 if isinstance(own_store, ClusterStore) else 2)
    proxy.delay = 0.0

    assert set(await _statuses(calls)) == {"OK"}
    for contest_id in _CONTESTS:
        assert await scores(proxied.stub, contest_id) == {"ada": 1, "bob": 1}


@_ON_CLUSTERS_THAT_CRASH
@pytest.mark.parametrize("killed", [True, False], ids=["killed", "hanging"])
async def test_the_store_is_lost_with_many_calls_in_flight(
    service: ServiceProcess, own_store: Store, *, killed: bool
) -> None:
    """Every call gets UNAVAILABLE; later calls succeed, and no update counts twice."""
    await _with_ada(service)
    own_store.freeze()
    try:
        calls = _calls(service, "bob")
        await service.health()  # the calls sent before it have arrived
        if killed:
            await own_store.kill()
        assert set(await _statuses(calls)) == {"ERROR_REASON_STORE_UNAVAILABLE"}
    finally:
        own_store.thaw()
    if killed:
        await own_store.start()
    await eventually(lambda: _serves(service), "SERVING")

    assert set(await _statuses(_calls(service, "cy"))) == {"OK"}
    for contest_id in _CONTESTS:
        found = await scores(service.stub, contest_id)
        assert found.pop("bob", 1) == 1
        assert found == {"ada": 1, "cy": 1}


async def _serves(service: ServiceProcess) -> bool:
    return await service.health() == "SERVING"


@_ON_CLUSTERS_THAT_CRASH
async def test_a_stop_while_the_store_hangs(service: ServiceProcess, own_store: Store) -> None:
    """Calls in flight get their error within the grace, and the server ends."""
    await _with_ada(service)
    own_store.freeze()
    try:
        calls = _calls(service, "bob")
        await service.health()
        service.ask_to_stop()
        assert set(await _statuses(calls)) == {"ERROR_REASON_STORE_UNAVAILABLE"}
        assert await service.process.exited() == 0
    finally:
        own_store.thaw()


@_ON_A_CLUSTER_TOO
async def test_a_stop_with_many_calls_in_flight(
    proxied: ServiceProcess, proxy: StoreProxy, own_store: Store
) -> None:
    """All updates and ranks in flight are answered, and each update counts once."""
    await _with_ada(proxied)
    proxy.delay = 0.7
    sent = proxy.commands["EVALSHA"]
    calls = _calls(proxied, "bob")
    await eventually(lambda: proxy.commands["EVALSHA"] >= sent + 2 * len(_CONTESTS), "all sent")
    proxied.ask_to_stop()

    assert set(await _statuses(calls)) == {"OK"}
    assert await proxied.process.exited() == 0
    async with own_store.client() as client:
        for contest_id in _CONTESTS:
            key = f"leaderboard:contest:{{{contest_id}}}"
            assert await client.zcount(key, 1, 1) == await client.zcard(key) == 2


@_ON_A_CLUSTER_TOO
async def test_a_contest_whose_scripts_fail(service: ServiceProcess, own_store: Store) -> None:
    """Calls of that contest fail, and those of all others in the same turn succeed."""
    await _with_ada(service)
    bad = 3 * _CONTESTS.index("cup-4")
    async with own_store.client() as client:
        key = "leaderboard:contest:{cup-4}"
        await client.delete(key)
        await client.set(key, "not a board")

    statuses = await _statuses(_calls(service, "bob"))

    assert set(statuses[bad : bad + 3]) == {"ERROR_REASON_STORE_UNAVAILABLE"}
    assert set(statuses[:bad] + statuses[bad + 3 :]) == {"OK"}

"""Faults between the store and its servers are detected, and no watcher gets a gap."""

import itertools
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from conftest import require
from harness.calls import add, scores, top
from harness.service import ServiceProcess, all_serving
from harness.stores import Flavour, StoreProcess
from replication.two_servers import Servers, two_servers, write
from watch.scopes import CONTEST, ScopeWatchers

NOTICED_WITHIN_S = 2.0
MARGIN_S = 3.0
KEPT_CHANGES = 100
LONG_NAME = "\U0001f945" * 128


@pytest_asyncio.fixture(name="forgetful")
async def _forgetful(own_store: StoreProcess, tmp_path: Path) -> AsyncIterator[Servers]:
    """Yield two servers that keep few changes of each contest."""
    async with two_servers(own_store, tmp_path, "--history-changes", str(KEPT_CHANGES)) as servers:
        yield servers


async def test_half_open_connection_is_detected(servers: Servers) -> None:
    """A silent feed is replaced soon, and no stale board is read meanwhile."""
    near, far, proxy = servers
    watchers = ScopeWatchers()
    async with watchers.at(far.stub):
        await write(near.stub, 0)
        await watchers.hold(far.stub)

        assert proxy.silence("SUBSCRIBE") == 1
        for number in range(1, 6):
            theirs = await add(near.stub, CONTEST, "u1", number)
            seen = await scores(far.stub, CONTEST, min_position=theirs.position)
            assert seen["u1"] == theirs.user.score
            own = await add(far.stub, CONTEST, "u2", number)
            assert (await scores(far.stub, CONTEST))["u2"] == own.user.score
        last = await write(near.stub, 1)
        for watcher in watchers.watchers:
            await watcher.reach(last, within=NOTICED_WITHIN_S + MARGIN_S)
        assert (await top(far.stub, CONTEST)).position == last

        await watchers.hold(near.stub)
        assert watchers.reasons() == [{"INITIAL": 1}] * 3


@pytest_asyncio.fixture(name="strict_store", params=list(Flavour))
async def _strict_store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[StoreProcess]:
    """Yield a store that closes a feed when more than 64 kB are queued for it."""
    require(request.param)
    store = StoreProcess(request.param, tmp_path / "store")
    await store.start()
    async with store.client() as client:
        await client.config_set("client-output-buffer-limit", "pubsub 64kb 64kb 1")
    yield store
    store.end()


async def test_feed_that_overflows_misses_nothing(
    strict_store: StoreProcess, tmp_path: Path
) -> None:
    """A server that hangs during many writes is disconnected, and misses no commit."""
    hung = ServiceProcess(tmp_path / "hung", redis_url=strict_store.socket_url)
    other = ServiceProcess(tmp_path / "other", redis_url=strict_store.url)
    watchers = ScopeWatchers()
    async with all_serving(hung, other), watchers.at(hung.stub), strict_store.client() as client:
        await write(other.stub, 0)
        await watchers.hold(hung.stub)

        hung.process.signal(signal.SIGSTOP)
        for number in itertools.count(1):
            await write(other.stub, number, name=LONG_NAME)
            if len(await client.client_list(_type="pubsub")) < 2:
                break
        hung.process.signal(signal.SIGCONT)

        await watchers.hold(other.stub)
        assert watchers.reasons() == [{"INITIAL": 1}] * 3


async def test_watcher_away_for_longer_than_the_history_gets_a_snapshot(forgetful: Servers) -> None:
    """On each server and for each scope the reason is HISTORY_TRIMMED, and changes follow."""
    near, far, _ = forgetful
    watchers = ScopeWatchers()
    async with watchers.at(near.stub):
        await write(near.stub, 0)
        await watchers.hold(near.stub)
    for times, server in enumerate((near, far), start=1):
        await write(near.stub, *range(30))
        async with watchers.at(server.stub):
            await write(far.stub, times)
            await watchers.hold(server.stub)
        for reasons in watchers.reasons():
            assert reasons == {"INITIAL": 1, "HISTORY_TRIMMED": times}


async def test_server_disconnected_for_longer_than_the_history_sends_snapshots(
    forgetful: Servers,
) -> None:
    """Watchers get a snapshot with HISTORY_TRIMMED in their open streams."""
    near, far, proxy = forgetful
    watchers = ScopeWatchers()
    async with watchers.at(far.stub):
        await write(near.stub, 0)
        await watchers.hold(far.stub)

        await proxy.refuse()
        await proxy.cut("SUBSCRIBE")
        await write(near.stub, *range(30))
        await proxy.accept()

        await watchers.hold(near.stub)
        await write(near.stub, 1)
        await watchers.hold(near.stub)
        for reasons in watchers.reasons():
            assert reasons == {"INITIAL": 1, "HISTORY_TRIMMED": 1}

"""Seasons that end beside faults: late and lost replies, a store that dies, clocks that differ."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from contests.season_writers import SeasonWriters
from contests.seasonal import (
    BEGIN_MS,
    CONTEST,
    MINUTE_MS,
    all_begun,
    create,
    passed,
    scores,
    scores_by_season,
    seasons,
    stand_before_boundary,
    timestamp,
    watchers,
)
from harness.calls import DEADLINE_S, add
from harness.cluster_store import Store
from harness.local_server import LocalServer, local_server
from harness.proxy import StoreProxy
from harness.service import ServiceProcess, all_serving
from harness.store_clock import StoreClock, store_clock_in_use
from harness.waiting import eventually
from harness.watcher import Watcher
from leaderboard.v1 import leaderboard_pb2 as pb

UPDATE = pb.UpdateScoreRequest(contest_id=CONTEST, user_id="ada", points=3, request_id="one")


@pytest_asyncio.fixture(name="proxied")
async def _proxied(clock: StoreClock, proxy: StoreProxy) -> AsyncIterator[LocalServer]:
    """Yield a server whose connections to the store a test can break."""
    assert clock.read() == BEGIN_MS
    async with local_server(proxy.url) as server:
        yield server


@pytest.fixture(name="own_clock")
def _own_clock(each_store: Store) -> Iterator[StoreClock]:
    """Yield the clock of a store that the test may stop."""
    with store_clock_in_use(), StoreClock(each_store.url) as clock:
        clock.set(BEGIN_MS)
        yield clock


async def test_a_write_whose_reply_is_late_counts_in_the_season_that_is_over(
    server: LocalServer, proxied: LocalServer, proxy: StoreProxy, clock: StoreClock
) -> None:
    """It was applied before the boundary; its server shows the next season all the same."""
    await create(proxied.contests)
    await add(proxied.stub, CONTEST, "bo", 1)
    assert await scores(proxied.stub) == {"bo": 1}
    proxy.delay = 0.3
    sent = proxy.intercept("EVALSHA", holding=b'"ada"')
    late = asyncio.ensure_future(proxied.stub.UpdateScore(UPDATE, timeout=DEADLINE_S))
    await sent.forwarded()
    await eventually(lambda: scores_has(server, "ada"), "the write, by another server")
    clock.advance(MINUTE_MS)
    after = await add(server.stub, CONTEST, "bo", 5)
    answer = await late
    proxy.delay = 0.0

    assert answer.user.score == 3
    assert answer.position.epoch != after.position.epoch
    await eventually(lambda: has_scores(proxied, {"bo": 5}), "the next season")
    assert await scores_by_season(proxied) == {1: {"bo": 1, "ada": 3}, 2: {"bo": 5}}


async def scores_has(server: LocalServer, user_id: str) -> bool:
    """Return whether a user is on the current board."""
    return user_id in await scores(server.stub)


async def has_scores(server: LocalServer, expected: dict[str, int]) -> bool:
    """Return whether the current board has these scores."""
    return await scores(server.stub) == expected


async def test_a_write_that_is_sent_again_after_the_boundary_counts_once(
    server: LocalServer, proxied: LocalServer, proxy: StoreProxy, clock: StoreClock
) -> None:
    """Its reply was lost before; it gets that of the season in which it was applied."""
    await create(server.contests)
    await add(proxied.stub, CONTEST, "bo", 1)
    lost = proxy.intercept("EVALSHA", holding=b'"ada"', drops=1)
    proxy.delay = 0.1  # of the replies by which the server connects again
    pending = asyncio.ensure_future(proxied.stub.UpdateScore(UPDATE, timeout=DEADLINE_S))
    await lost.dropped()
    clock.advance(MINUTE_MS)
    after = await add(server.stub, CONTEST, "bo", 5)
    answer = await pending
    proxy.delay = 0.0

    assert answer.user.score == 3
    assert answer.position.epoch != after.position.epoch
    assert await scores_by_season(server) == {1: {"bo": 1, "ada": 3}, 2: {"bo": 5}}


async def test_a_write_that_reaches_the_store_late_counts_in_the_next_season(
    each_store: Store, own_clock: StoreClock
) -> None:
    """It was sent before the boundary, and one that names its season is refused."""
    async with local_server(each_store.url) as server:
        boundary = stand_before_boundary(own_clock, 300)
        await create(server.contests)
        await add(server.stub, CONTEST, "ada", 1)
        own_clock.run()
        each_store.freeze()
        pending = asyncio.ensure_future(server.stub.UpdateScore(UPDATE, timeout=DEADLINE_S))
        await asyncio.sleep(0.4)  # the time that passes is part of the test: the store is frozen
        each_store.thaw()
        answer = await pending
        assert own_clock.read() >= boundary

        assert answer.user.score == 3
        assert await scores_by_season(server) == {1: {"ada": 1}, 2: {"ada": 3}}


@pytest.mark.usefixtures("on_each_listener")
async def test_every_watcher_gets_each_season_once(
    store: Store, servers: tuple[LocalServer, LocalServer], clock: StoreClock
) -> None:
    """Live and resumed ones of each scope, on servers with all messages and with none."""
    await create(servers[0].contests, keep_seasons=1_000)
    await add(servers[0].stub, CONTEST, "ada", 1)
    async with StoreProxy(*store.ports) as deaf, local_server(deaf.url) as third:
        live = [(server, watch) for server in (*servers, third) for watch in watchers()]
        resumed = [(server, watch) for server in (*servers, third) for watch in watchers()]
        for server, watch in (*live, *resumed):
            await watch.open(server.stub)
        deaf.loses_messages = True
        for season in range(2, 5):
            for _, watch in resumed:
                await watch.hang_up()
            clock.advance(MINUTE_MS)
            await add(servers[season % 2].stub, CONTEST, "bo", season)
            for number, (_, watch) in enumerate(resumed):
                server = (*servers, third)[(number + season) % 3]
                await watch.open(server.stub, resume_after=watch.checker.position)
            await all_begun([watch for _, watch in (*live, *resumed)], season)
        deaf.loses_messages = False
        for _, watch in (*live, *resumed):
            await watch.hang_up()
            assert watch.checker.seasons.begun == [2, 3, 4]
            assert set(watch.checker.reasons) == {"INITIAL", "NEW_SEASON"}


@pytest.mark.usefixtures("on_each_listener")
async def test_a_watcher_in_a_pause_gets_the_season_at_once(
    server: LocalServer, clock: StoreClock
) -> None:
    """Its pause is between changes; a new season replaces the board."""
    await create(server.contests)
    await add(server.stub, CONTEST, "ada", 1)
    watch = Watcher(CONTEST, scope=pb.WATCH_SCOPE_TOP, min_interval_s=60)
    await watch.open(server.stub)
    await add(server.stub, CONTEST, "ada", 1)
    await watch.until(lambda: watch.checker.changes != [], "the first change")
    await add(server.stub, CONTEST, "ada", 1)
    clock.advance(MINUTE_MS)
    await add(server.stub, CONTEST, "bo", 1)
    await all_begun([watch], 2)
    await watch.hang_up()
    assert watch.checker.reasons == {"INITIAL": 1, "NEW_SEASON": 1}


@pytest.mark.usefixtures("on_each_listener")
async def test_a_board_that_is_served_ends_its_season_by_itself(
    store: Store, server: LocalServer, clock: StoreClock
) -> None:
    """No call reaches the store: the response that the listener keeps is stale at the boundary."""
    stand_before_boundary(clock, 300)
    await create(server.contests)
    await add(server.stub, CONTEST, "ada", 1)
    for _ in range(20):
        assert await scores(server.stub) == {"ada": 1}
    clock.run()

    async with store.client() as redis:

        async def is_kept() -> bool:
            return bool(await redis.hexists("leaderboard:contest:{cup}:seasons", "1"))

        await eventually(is_kept, "the end of the season")
    assert await scores(server.stub) == {}


async def test_a_server_that_starts_after_ten_boundaries_ends_one_season(
    store: Store, server: LocalServer, clock: StoreClock
) -> None:
    """What it knows of the contest is in the store."""
    await create(server.contests)
    await add(server.stub, CONTEST, "ada", 1)
    clock.advance(10 * MINUTE_MS)
    async with local_server(store.url) as late:
        answer = await add(late.stub, CONTEST, "ada", 2)
        assert answer.user.score == 2
        _, first = await seasons(late.contests)
        assert first.ended_at == timestamp(BEGIN_MS + MINUTE_MS)
        assert await scores_by_season(late) == {1: {"ada": 1}, 2: {"ada": 2}}


async def test_servers_whose_clocks_differ_end_one_season(
    store: Store, clock: StoreClock, tmp_path: Path
) -> None:
    """400 ms lie between their clocks; each write counts once, in the season of its answer."""
    pair = [
        ServiceProcess(tmp_path / str(ahead), redis_url=store.url, clock_ahead_ms=ahead)
        for ahead in (0, 400)
    ]
    async with all_serving(*pair):
        boundary = stand_before_boundary(clock, 500)
        await create(pair[0].contests)
        writers = SeasonWriters([*pair, *pair])
        writing = asyncio.ensure_future(writers.run())
        await writers.more()
        watches = [watch for _ in pair for watch in watchers()]
        for number, watch in enumerate(watches):
            await watch.open(pair[number // 3].stub)
        clock.run()
        await passed(clock, boundary)
        await writers.more()
        writers.stop()
        await writing

        await all_begun(watches, 2)
        for watch in watches:
            await watch.hang_up()
            assert watch.checker.reasons == {"INITIAL": 1, "NEW_SEASON": 1}
        for server in pair:
            assert await writers.compare(server) == [1, 2]
        current, _ = await seasons(pair[0].contests)
        assert current.started_at == timestamp(boundary)


async def test_a_store_that_dies_at_the_boundary_ends_one_season(
    each_store: Store, own_clock: StoreClock
) -> None:
    """Acknowledged writes are in the season of their answer, also those of right before."""
    async with local_server(each_store.url) as one, local_server(each_store.url) as other:
        boundary = stand_before_boundary(own_clock, 400)
        await create(one.contests)
        writers = SeasonWriters([one, other, one, other])
        writing = asyncio.ensure_future(writers.run())
        await writers.more()
        own_clock.run()
        await passed(own_clock, boundary - 5)
        await each_store.kill()
        await each_store.start()
        await writers.more()
        await passed(own_clock, boundary)
        await writers.more()
        writers.stop()
        await writing
        for server in (one, other):
            assert await writers.compare(server) == [1, 2]

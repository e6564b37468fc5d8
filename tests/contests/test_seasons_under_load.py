"""One season after the other beside writers and watchers, on two servers."""

import asyncio
import contextlib
import itertools
import random

import pytest

from contests.season_writers import SeasonWriters
from contests.seasonal import CONTEST, MINUTE_MS, SCOPES, all_begun, create, read, watchers
from harness.calls import add
from harness.cluster_store import Store
from harness.local_server import LocalServer
from harness.node import running_node
from harness.store_clock import StoreClock
from harness.waiting import eventually
from leaderboard.v1 import contests_pb2 as contests
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.watch import (
    Changes,
    Progress,
    Snapshot,
    SnapshotReason,
    WatchRequest,
    WatchScope,
)


@pytest.mark.usefixtures("on_each_listener")
@pytest.mark.parametrize("count", [4, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.timeout(300)
async def test_every_write_counts_in_one_season(
    servers: tuple[LocalServer, LocalServer], clock: StoreClock, count: int
) -> None:
    """Seasons end by the schedule and by resets; watchers that resume have the board at the end."""
    chance = random.Random(count)
    await create(servers[0].contests, keep_seasons=1_000)
    writers = SeasonWriters([*servers, *servers])
    writing = asyncio.ensure_future(writers.run())
    await writers.more()
    watches = [watch for _ in range(3) for watch in watchers()]
    for watch, server in zip(watches, itertools.cycle(servers)):
        await watch.open(server.stub)
    for _ in range(count):
        season = (await read(chance.choice(servers).contests)).season
        if chance.random() < 0.5:
            clock.advance(MINUTE_MS)
        else:
            request = contests.ResetContestRequest(contest_id=CONTEST, season=season)
            resets = [server.contests.ResetContest(request) for server in servers]
            await asyncio.gather(*resets)
        for watch in chance.sample(watches, 3):
            server = chance.choice(servers)
            await watch.open(server.stub, resume_after=watch.checker.position)
        await writers.more()
    writers.stop()
    await writing

    numbers = await writers.compare(servers[0])
    assert numbers == list(range(1, count + 2))
    await all_begun(watches, count + 1)
    top = await servers[1].stub.GetTopUsers(pb.GetTopUsersRequest(contest_id=CONTEST))
    for watch, scope in zip(watches, itertools.cycle(SCOPES)):
        if scope != pb.WATCH_SCOPE_USERS:
            await watch.reach(top.position)
            watch.checker.assert_equals(top)
        await watch.hang_up()
        begun = watch.checker.seasons.begun
        assert begun == sorted(set(begun))
        assert set(watch.checker.reasons) == {"INITIAL", "NEW_SEASON"}


@pytest.mark.parametrize("scope", WatchScope)
async def test_a_watcher_that_takes_no_message_gets_the_latest_season_once(
    store: Store, server: LocalServer, clock: StoreClock, scope: WatchScope
) -> None:
    """What it missed of earlier seasons is not sent any more."""
    await create(server.contests)
    await add(server.stub, CONTEST, "ada", 1)
    users = frozenset({"ada"}) if scope is WatchScope.USERS else frozenset[str]()
    async with (
        running_node(store.url) as node,
        contextlib.aclosing(node.watch(WatchRequest(CONTEST, 10, scope, users))) as messages,
    ):
        first = await anext(messages)
        for points in range(1, 4):
            clock.advance(MINUTE_MS)
            await add(server.stub, CONTEST, "ada", points)

        async def follows() -> bool:
            position = node.store.latest(CONTEST)
            return position.season == 4 and position.revision > first.position.revision

        await eventually(follows, "the last season, by its feed")
        message = await anext(messages)
        while message.position.season < 4:
            assert isinstance(message.event, Changes | Snapshot)
            message = await anext(messages)
        assert isinstance(message.event, Snapshot)
        assert message.event.reason is SnapshotReason.NEW_SEASON
        await add(server.stub, CONTEST, "ada", 1)
        message = await anext(messages)
        while isinstance(message.event, Progress):
            message = await anext(messages)
        assert isinstance(message.event, Changes)

"""Rollbacks of the store to an older copy that are hard to detect."""

from typing import Any

import pytest
from redis.asyncio import Redis

from harness.cluster_store import Store
from harness.node import Node, running_node
from harness.proxy import StoreProxy
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.rules import UpdateMode
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.domain.watch import WatchScope
from leaderboard_server.storage import keys, positions
from replication.following import Recorder
from watch.node_watches import CONTEST, NodeWatch, all_hold, all_watch


async def copy(redis: Redis, source: str = "", target: str = "copy:") -> None:
    """Copy a contest to its backup, or the other way round."""
    for name in keys.of_contest(CONTEST):
        await redis.copy(f"{source}{name}", f"{target}{name}", replace=True)


@pytest.mark.parametrize("spans", [False, True], ids=["another commit", "spans the position"])
async def test_rollback_past_a_position_that_was_only_read(
    store: Store, node: Node, redis: Redis, *, spans: bool
) -> None:
    """A server that received no commit of the lost history detects the rollback too."""
    await node.add(CONTEST, "ada")
    await copy(redis)
    old = (await node.add(CONTEST, "bo", 50)).position
    watches = [NodeWatch(scope) for scope in WatchScope]
    async with (
        StoreProxy(*store.ports) as proxy,
        running_node(proxy.url) as cut_off,
        all_watch(cut_off, watches),
    ):
        assert {watch.position for watch in watches} == {old}
        await proxy.refuse()
        await proxy.cut()
        await copy(redis, "copy:", "")
        async with running_node(store.url) as fresh:
            updates = [ScoreUpdate(CONTEST, "cy", 100)] * 3
            for commit in [updates] if spans else [[update] for update in updates]:
                await fresh.committer.commit(CONTEST, commit)
            now = await fresh.store.position(CONTEST)
            assert (now.epoch, now.revision > old.revision) == (old.epoch, True)
            await proxy.accept()

            await all_hold(fresh, watches)
    for watch in watches:
        assert watch.checker.reasons == {"INITIAL": 1, "NEW_EPOCH": 1}


@pytest.mark.usefixtures("never_compared")
async def test_new_epoch_that_a_write_without_a_change_finds_is_published(
    store: Store, node: Node, redis: Redis
) -> None:
    """Watchers of every server get the new epoch at once, though no commit follows."""
    await node.add(CONTEST, "ada", 5)
    await copy(redis)
    old = (await node.add(CONTEST, "bo", 50)).position
    async with running_node(store.url) as other:
        here, there = NodeWatch(WatchScope.ALL), NodeWatch(WatchScope.ALL)
        async with all_watch(node, [here]), all_watch(other, [there]):
            await copy(redis, "copy:", "")
            same = ScoreUpdate(CONTEST, "ada", 5, UpdateMode.SET)
            (outcome,) = await node.committer.commit(CONTEST, [same])
            assert isinstance(outcome, UpdateResult)
            assert not outcome.applied
            assert outcome.position.epoch != old.epoch

            await eventually(
                lambda: here.position == there.position == outcome.position, "the new epoch"
            )
    for watch in (here, there):
        assert watch.checker.reasons == {"INITIAL": 1, "NEW_EPOCH": 1}
        assert [row.user_id for row in watch.checker.rows] == ["ada"]


@pytest.mark.usefixtures("never_compared")
async def test_unreadable_commit_at_the_position_is_not_needed(node: Node, redis: Redis) -> None:
    """The commit was already passed on or is in the state; watchers get the commits after it."""
    epoch = (await node.add(CONTEST, "ada")).position.epoch
    watch = NodeWatch(WatchScope.ALL)
    log = keys.log(CONTEST)
    async with all_watch(node, [watch]):
        await redis.delete(log)
        await redis.xadd(log, {"commit": "no json"}, id="1-0")
        follower = node.followers.by_contest[CONTEST]
        observer = Recorder()
        follower.add(observer)
        follower.catch_up()
        await eventually(lambda: follower.live, "the log is read again")
        assert follower.position == Position(epoch, 1)

        await node.add(CONTEST, "bo", 2)
        await all_hold(node, [watch])
    assert watch.checker.reasons == {"INITIAL": 1}
    assert observer.restarts == []


@pytest.mark.usefixtures("never_compared")
async def test_messages_that_never_arrive_are_not_expected_for_ever(
    own_store: StoreProcess,
) -> None:
    """If the store user may not publish, watchers still get the server's own commits."""
    watches = [NodeWatch(scope) for scope in WatchScope]
    async with (
        running_node(own_store.url) as node,
        own_store.client() as client,
        all_watch(node, watches),
    ):
        await client.execute_command("ACL", "SETUSER", "default", "-publish")  # type: ignore[no-untyped-call]
        for _ in range(50):
            await node.add(CONTEST, "ada")
        await all_hold(node, watches)
        follower = node.followers.by_contest[CONTEST]
        await follower.verify()  # drops messages from before the commits
        await follower.verify()
        entries: Any = await client.xrange(keys.log(CONTEST))
        for _, entry in entries * 2:
            follower.on_message(entry["commit"])
        assert follower.live
    assert {tuple(watch.checker.reasons) for watch in watches} == {("INITIAL",)}


@pytest.mark.usefixtures("never_compared")
async def test_rollback_of_a_contest_whose_position_was_dropped(
    node: Node, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A followed contest is checked also if so many others were seen that it is not tracked."""
    monkeypatch.setattr(positions, "_MAX_CONTESTS", 1)
    await node.add(CONTEST, "ada")
    await copy(redis)
    await node.add(CONTEST, "bo", 50)
    watches = [NodeWatch(scope) for scope in WatchScope]
    async with all_watch(node, watches):
        await node.add("another", "cy")
        await copy(redis, "copy:", "")
        node.followers.by_contest[CONTEST].catch_up()

        await all_hold(node, watches)
        await eventually(
            lambda: all(watch.checker.reasons["NEW_EPOCH"] for watch in watches), "a new epoch"
        )
    for watch in watches:
        assert watch.checker.reasons == {"INITIAL": 1, "NEW_EPOCH": 1}

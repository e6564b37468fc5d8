"""What a stream makes of a store that was put back, in the cases that are easily missed."""

import pytest
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.proxy import StoreProxy
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateMode, UpdateResult
from leaderboard_server.domain.watch import SnapshotReason, WatchScope
from leaderboard_server.replication import log_followers
from leaderboard_server.storage import keys
from watch.node_watches import CONTEST, NodeWatch, all_hold, all_watch


class Restarts:
    """
    Listens to a stream; see `log_reader.Observer`.

    Attributes:
        reasons: Why what lies between could not be told, each time.
    """

    def __init__(self) -> None:
        self.reasons: list[SnapshotReason] = []

    def on_commit(self, commit: Commit) -> None:
        """Take it for granted."""

    def on_stale(self) -> None:
        """Take it for granted."""

    def on_restart(self, _position: Position, reason: SnapshotReason) -> None:
        """Note the reason."""
        self.reasons.append(reason)


async def copy(redis: Redis, source: str = "", target: str = "copy:") -> None:
    """Copy a contest: to its copy, or the other way round."""
    for name in keys.of_contest(CONTEST):
        await redis.copy(f"{source}{name}", f"{target}{name}", replace=True)


@pytest.mark.parametrize("passes_over", [False, True], ids=["another commit", "passes over"])
async def test_a_store_that_others_moved_past_a_position_that_was_only_read(
    store: StoreProcess, node: Node, redis: Redis, *, passes_over: bool
) -> None:
    """A server that heard no commit of the lost history doesn't take the other one for it."""
    await node.add(CONTEST, "ada")
    await copy(redis)
    old = (await node.add(CONTEST, "bo", 50)).position
    watches = [NodeWatch(scope) for scope in WatchScope]
    async with (
        StoreProxy(store.port) as line,
        running_node(line.url) as cut_off,
        all_watch(cut_off, watches),
    ):
        assert {watch.position for watch in watches} == {old}
        await line.refuse()
        await line.cut()
        await copy(redis, "copy:", "")
        async with running_node(store.url) as fresh:
            updates = [ScoreUpdate(CONTEST, "cy", 100)] * 3
            for commit in [updates] if passes_over else [[update] for update in updates]:
                await fresh.committer.commit(CONTEST, commit, list)
            now = await fresh.store.position(CONTEST)
            assert (now.epoch, now.revision > old.revision) == (old.epoch, True)
            await line.accept()

            await all_hold(fresh, watches)
    for watch in watches:
        assert watch.checker.reasons == {"INITIAL": 1, "NEW_EPOCH": 1}


@pytest.mark.usefixtures("never_compared")
async def test_a_new_epoch_that_a_write_without_a_change_finds_is_published(
    store: StoreProcess, node: Node, redis: Redis
) -> None:
    """Watchers of every server are told at once, though no commit follows."""
    await node.add(CONTEST, "ada", 5)
    await copy(redis)
    old = (await node.add(CONTEST, "bo", 50)).position
    async with running_node(store.url) as other:
        here, there = NodeWatch(WatchScope.ALL), NodeWatch(WatchScope.ALL)
        async with all_watch(node, [here]), all_watch(other, [there]):
            await copy(redis, "copy:", "")
            same = ScoreUpdate(CONTEST, "ada", 5, UpdateMode.SET)
            (outcome,) = await node.committer.commit(CONTEST, [same], list)
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
async def test_an_unreadable_commit_at_the_position_is_not_needed(node: Node, redis: Redis) -> None:
    """It was told already, or is in the state; watchers go on with what comes after it."""
    epoch = (await node.add(CONTEST, "ada")).position.epoch
    watch = NodeWatch(WatchScope.ALL)
    log = keys.log(CONTEST)
    async with all_watch(node, [watch]):
        await redis.delete(log)
        await redis.xadd(log, {"commit": "no json"}, id="1-0")
        stream = node.followers.by_contest[CONTEST]
        restarts = Restarts()
        stream.add(restarts)
        stream.catch_up()
        await eventually(lambda: stream.live, "the log is read again")
        assert stream.position == Position(epoch, 1)

        await node.add(CONTEST, "bo", 2)
        await all_hold(node, [watch])
    assert watch.checker.reasons == {"INITIAL": 1}
    assert not restarts.reasons


async def test_own_commits_that_are_never_heard_are_not_kept(
    own_store: StoreProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the store refuses to publish, watchers are told all the same."""
    monkeypatch.setattr(log_followers, "VERIFY_S", 0.02)
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
        offered = node.followers.by_contest[CONTEST]._reader.rollback._expected
        await eventually(lambda: not offered, "nothing that was offered is kept")
    assert {tuple(watch.checker.reasons) for watch in watches} == {("INITIAL",)}

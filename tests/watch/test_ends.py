"""The ends of contests, as watchers of two servers see them: closed, deleted, users removed."""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_server.domain.board import RankedUser
from leaderboard_server.domain.contest import ContestSettings, SettingsChange
from leaderboard_server.domain.errors import ContestNotOpen
from leaderboard_server.domain.life import Life
from leaderboard_server.domain.moderation import UsersQuery
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.domain.watch import WatchScope
from leaderboard_server.replication import contest_reader, log_followers
from leaderboard_server.storage.keys import PREFIX
from leaderboard_server.watch import recent_commits, watcher
from watch.node_watches import CONTEST, NodeWatch, all_hold, all_watch

FAR_S = 3_600


@pytest_asyncio.fixture(name="nodes")
async def _nodes(store: StoreProcess) -> AsyncIterator[list[Node]]:
    """Yield two servers on a store."""
    async with running_node(store.url) as one, running_node(store.url) as other:
        yield [one, other]


def every_watch() -> list[NodeWatch]:
    """Return watches of all scopes and two limits, two of each so that they share messages."""
    watches = [NodeWatch(scope, hidden_users=True) for scope in WatchScope for _ in range(2)]
    return [*watches, NodeWatch(WatchScope.TOP, 2), NodeWatch(WatchScope.TOP, 2)]


def in_ms(seconds: float) -> int:
    """Return the time in some seconds."""
    return int((time.time() + seconds) * 1_000)


async def create(node: Node, life: Life) -> None:
    """Create the contest."""
    await node.settings.create(CONTEST, ContestSettings(life=life))


async def set_end(node: Node, ends_at_ms: int | None) -> None:
    """Change the end of the contest."""
    settings = ContestSettings(life=Life(ends_at_ms=ends_at_ms))
    change = SettingsChange(
        CONTEST, settings, rules=frozenset(), life=frozenset({"ends_at_ms"}), display_name=False
    )
    await node.settings.update(change)


@contextlib.asynccontextmanager
async def watching_both(
    nodes: Sequence[Node], watches: Sequence[list[NodeWatch]]
) -> AsyncIterator[None]:
    """Run watches on each server."""
    async with contextlib.AsyncExitStack() as stack:
        for node, each in zip(nodes, watches, strict=True):
            await stack.enter_async_context(all_watch(node, each))
        yield


async def all_end(watches: Sequence[list[NodeWatch]], reason: str, within: float = 10) -> None:
    """Wait until all watches have ended for a reason."""
    every = [watch for each in watches for watch in each]

    def have_ended() -> bool:
        assert [watch.ended for watch in every] == [reason] * len(every)
        return True

    await eventually(have_ended, "all ends", within=within)


class TestClosing:
    """Contests that close."""

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_a_watch_of_a_closed_contest_ends(
        self, nodes: list[Node], scope: WatchScope
    ) -> None:
        """It gets the board, and then the end."""
        await create(nodes[0], Life(ends_at_ms=in_ms(FAR_S)))
        await nodes[0].add(CONTEST, "ada")
        await set_end(nodes[0], in_ms(-1))
        for node in nodes:
            watch = NodeWatch(scope)
            await asyncio.wait_for(watch.run(node), 10)
            assert watch.ended == "CONTEST_OVER"
            assert [row.user_id for row in watch.checker.rows] == ["ada"]

    async def test_every_watch_ends_with_the_final_board(self, nodes: list[Node]) -> None:
        """Writes through two servers count or are refused; all watches have those that count."""
        await create(nodes[0], Life(ends_at_ms=in_ms(1.5)))
        counted: list[int] = []

        async def write(node: Node, user_id: str) -> None:
            while True:
                update = ScoreUpdate(CONTEST, user_id, 1)
                (outcome,) = await node.committer.commit(CONTEST, (update,))
                if isinstance(outcome, ContestNotOpen):
                    return
                assert isinstance(outcome, UpdateResult)
                counted.append(1)
                await asyncio.sleep(0.002)

        watches = [[*every_watch(), NodeWatch(WatchScope.TOP, min_interval_s=0.3)] for _ in nodes]
        async with watching_both(nodes, watches), asyncio.TaskGroup() as group:
            for node in nodes:
                for user_id in ("ada", "bo", "cy"):
                    group.create_task(write(node, user_id))
            await all_end(watches, "CONTEST_OVER")
        page = await nodes[0].store.top(CONTEST, 1, 10)
        assert sum(user.score for user in page.users) == len(counted) > 0
        for watch in (watch for each in watches for watch in each):
            assert watch.holds(page)
            assert watch.position == page.position

    async def test_an_end_that_moves_is_followed(self, nodes: list[Node]) -> None:
        """Watches get the change of settings, go on, and end at the new end."""
        await create(nodes[0], Life(ends_at_ms=in_ms(FAR_S)))
        await nodes[0].add(CONTEST, "ada")
        watches = [every_watch() for _ in nodes]
        async with watching_both(nodes, watches):
            await set_end(nodes[1], None)
            await nodes[1].add(CONTEST, "bo")
            for node, each in zip(nodes, watches, strict=True):
                await all_hold(node, each)
            await set_end(nodes[1], in_ms(0.3))
            await all_end(watches, "CONTEST_OVER")

    async def test_a_contest_that_opens_again_is_watched(self, nodes: list[Node]) -> None:
        """A watch that resumes after the end of a contest that is open again goes on."""
        await create(nodes[0], Life(ends_at_ms=in_ms(FAR_S)))
        await nodes[0].add(CONTEST, "ada")
        await set_end(nodes[0], in_ms(-1))
        watch = NodeWatch(WatchScope.TOP)
        await asyncio.wait_for(watch.run(nodes[0]), 10)
        await set_end(nodes[1], None)
        task = asyncio.create_task(watch.run(nodes[0], resume_after=watch.checker.position))
        await eventually(lambda: watch.checker.reasons["CONTEST_UPDATED"] == 1, "the update")
        await nodes[1].add(CONTEST, "bo")
        await all_hold(nodes[1], [watch])
        assert not task.done()
        await set_end(nodes[1], in_ms(-1))
        await asyncio.wait_for(task, 10)
        assert watch.ended == "CONTEST_OVER"

    async def test_the_last_change_comes_though_its_message_was_lost(
        self, nodes: list[Node], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Watches end with the last change, without waiting until followers are compared."""
        monkeypatch.setattr(log_followers, "VERIFY_S", 1_000)
        await create(nodes[0], Life(ends_at_ms=in_ms(1)))
        watches = [every_watch()]
        async with watching_both(nodes[:1], watches):
            follower = nodes[0].followers.by_contest[CONTEST]
            monkeypatch.setattr(follower, "on_message", lambda _: None)
            await nodes[1].add(CONTEST, "ada")
            await all_end(watches, "CONTEST_OVER")
        assert {len(watch.checker.rows) for watch in watches[0]} == {1}

    async def test_the_end_comes_though_the_store_was_away(
        self, nodes: list[Node], own_store: StoreProcess
    ) -> None:
        """A read of the contest that failed is repeated."""
        async with running_node(own_store.url) as node:
            await create(node, Life(ends_at_ms=in_ms(1)))
            watches = [[NodeWatch(WatchScope.ALL)]]
            async with watching_both([node], watches):
                own_store.freeze()
                await asyncio.sleep(contest_reader.RETRY_S * 4)
                own_store.thaw()
                await all_end(watches, "CONTEST_OVER", within=20)


class TestDeletion:
    """Contests that are deleted."""

    @pytest.mark.parametrize("begins_again", [False, True])
    async def test_ends_all_watches(self, nodes: list[Node], *, begins_again: bool) -> None:
        """Each gets the end, also in a pause, and if the contest begins again at once."""
        await nodes[0].add(CONTEST, "ada")
        watches = [[*every_watch(), NodeWatch(WatchScope.TOP, min_interval_s=60)] for _ in nodes]
        async with watching_both(nodes, watches):
            await nodes[0].add(CONTEST, "bo")
            for node, each in zip(nodes, watches, strict=True):
                await all_hold(node, each)
            await nodes[1].deletion.delete(CONTEST, "")
            if begins_again:
                await nodes[1].add(CONTEST, "cy")
            await all_end(watches, "CONTEST_DELETED")
        later = NodeWatch(WatchScope.ALL)
        async with all_watch(nodes[0], [later]):
            await nodes[1].add(CONTEST, "bo")
            await all_hold(nodes[1], [later])

    async def test_a_contest_that_is_gone_is_an_empty_board(
        self, nodes: list[Node], store: StoreProcess
    ) -> None:
        """Where no message says that it was deleted, watches get a snapshot and go on."""
        await nodes[0].add(CONTEST, "ada")
        watches = [every_watch() for _ in nodes]
        async with watching_both(nodes, watches):
            async with store.client() as redis:
                await redis.flushall()
            for each in watches:
                await eventually(
                    lambda: all(watch.checker.reasons["NEW_EPOCH"] for watch in each),  # noqa: B023
                    "the empty board",
                )
            assert {watch.position.epoch for each in watches for watch in each} == {""}
            await nodes[1].add(CONTEST, "bo")
            for node, each in zip(nodes, watches, strict=True):
                await all_hold(node, each)

    async def test_a_deletion_that_the_store_loses_begins_an_epoch(
        self, nodes: list[Node], store: StoreProcess
    ) -> None:
        """As after a failover: a contest that is there again is watched, in a new epoch."""
        before = await nodes[0].add(CONTEST, "ada")
        watches = [every_watch() for _ in nodes]
        async with Redis.from_url(store.url) as redis:
            keys = [key async for key in redis.scan_iter(f"{PREFIX}*")]
            copies = {key: await redis.dump(key) for key in keys}
            async with watching_both(nodes, watches):
                await nodes[0].deletion.delete(CONTEST, "")
                await all_end(watches, "CONTEST_DELETED")
            later = [every_watch() for _ in nodes]
            async with watching_both(nodes, later):
                for key, copy in copies.items():
                    assert copy is not None
                    await redis.restore(key, 0, copy)
                for node, each in zip(nodes, later, strict=True):
                    await node.add(CONTEST, "bo")
                    await all_hold(node, each)
                assert before.position.epoch not in {
                    watch.position.epoch for each in later for watch in each
                }


class TestUsers:
    """Users that leave a contest and return."""

    async def test_watches_hold_the_board(self, nodes: list[Node]) -> None:
        """Through removals, hidden users and their writes, all watches have the store's board."""
        for number, user_id in enumerate(("ada", "bo", "cy")):
            await nodes[0].add(CONTEST, user_id, number + 1)
        watches = [every_watch() for _ in nodes]

        async def hold() -> None:
            for node, each in zip(nodes, watches, strict=True):
                await all_hold(node, each)

        async with watching_both(nodes, watches):
            one, other = (node.moderation for node in nodes)
            await one.remove(UsersQuery(CONTEST, ("cy",)))
            await hold()
            await other.hide(UsersQuery(CONTEST, ("ada",)))
            await hold()
            await nodes[0].add(CONTEST, "ada", 5)
            await nodes[0].add(CONTEST, "cy", 1)
            await hold()
            await one.unhide(UsersQuery(CONTEST, ("ada",)))
            await hold()
            await other.erase("bo", "")
            await hold()
        assert not any(watch.ended for each in watches for watch in each)

    async def test_a_resumed_watch_removes_what_left_meanwhile(self, nodes: list[Node]) -> None:
        """A board that got shorter than the limit is right after a resume."""
        for user_id in ("ada", "bo", "cy"):
            await nodes[0].add(CONTEST, user_id)
        watches = every_watch()
        async with all_watch(nodes[0], watches):
            await all_hold(nodes[0], watches)
        await nodes[1].moderation.remove(UsersQuery(CONTEST, ("ada", "cy")))
        tasks = [
            asyncio.create_task(watch.run(nodes[0], resume_after=watch.checker.position))
            for watch in watches
        ]
        await all_hold(nodes[0], watches)
        assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert {sum(watch.checker.reasons.values()) for watch in watches} == {1}

    async def test_an_erased_user_is_nowhere_in_memory(
        self, nodes: list[Node], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Live watches get the removal, resumed ones a snapshot, and no row is left."""
        monkeypatch.setattr(recent_commits, "ERASED_S", 0.5)
        monkeypatch.setattr(watcher, "PROGRESS_S", 0.5)
        await nodes[0].add(CONTEST, "ada")
        await nodes[0].add(CONTEST, "erased")
        watches = every_watch()
        resumed = NodeWatch(WatchScope.ALL)
        async with all_watch(nodes[0], [*watches, resumed]):
            await all_hold(nodes[0], [*watches, resumed])
        before = resumed.checker.position
        async with all_watch(nodes[0], watches):
            await nodes[1].moderation.erase("erased", "")
            await all_hold(nodes[0], watches)
            assert {watch.checker.reasons["HISTORY_TRIMMED"] for watch in watches} == {0}
            for node in nodes:
                again = NodeWatch(WatchScope.ALL)
                again.checker = resumed.checker
                task = asyncio.create_task(again.run(node, resume_after=before))
                await eventually(
                    lambda: again.checker.reasons["HISTORY_TRIMMED"] > 0,  # noqa: B023
                    "a snapshot",
                )
                task.cancel()
                await asyncio.wait([task])
            await eventually(lambda: not _rows_of("erased"), "no row of the user")


def _rows_of(user_id: str) -> list[RankedUser]:
    """Return all rows of a user that this process holds."""
    gc.collect()
    rows = (each for each in gc.get_objects() if isinstance(each, RankedUser))
    return [row for row in rows if row.user_id == user_id]

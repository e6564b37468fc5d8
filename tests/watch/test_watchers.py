"""Promise 6, gap-free watches: checked watchers of every scope on a real store."""

import asyncio
import contextlib
import gc
import random
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from harness.cluster_store import Store
from harness.node import Node, running_node
from harness.store_kinds import on_a_cluster_too
from harness.stores import Flavour
from harness.waiting import eventually
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.errors import ServerDraining
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.domain.watch import (
    Snapshot,
    SnapshotReason,
    WatchMessage,
    WatchRequest,
    WatchScope,
)
from leaderboard_server.storage.store import Retention
from leaderboard_server.transport import responses
from leaderboard_server.watch import watcher
from leaderboard_server.watch.recent_commits import RecentCommits

CONTEST = "cup"
USERS = [f"u{number}" for number in range(30)]
WATCHED = frozenset(USERS[:5])
SCOPES = {
    WatchScope.TOP: pb.WATCH_SCOPE_TOP,
    WatchScope.ALL: pb.WATCH_SCOPE_ALL,
    WatchScope.USERS: pb.WATCH_SCOPE_USERS,
}


class Watch:
    """A checked watcher that can be stopped and resumed on any server."""

    def __init__(self, scope: WatchScope, limit: int = 100, min_interval_s: float = 0.0) -> None:
        self._request = WatchRequest(
            CONTEST,
            limit,
            scope,
            WATCHED if scope is WatchScope.USERS else frozenset(),
            min_interval_s=min_interval_s,
        )
        self.checker = WatchChecker(scope=SCOPES[scope], limit=limit, user_ids=WATCHED)
        self.messages: list[WatchMessage] = []
        self.reading = asyncio.Event()
        self.reading.set()

    @property
    def position(self) -> Position:
        """The position of the watcher."""
        return Position(self.checker.position.epoch, self.checker.position.revision)

    @contextlib.asynccontextmanager
    async def on(self, node: Node, *, resume: bool = False) -> AsyncIterator[None]:
        """Watch through a server, from the start or resumed at the current position."""
        after = self.position if resume else None
        self.checker.begin(self.checker.position if resume else None)
        task = asyncio.create_task(self._run(node, self._request._replace(resume_after=after)))
        try:
            yield
        finally:
            if not task.done():
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def reaches(self, node: Node) -> None:
        """Wait until the board of the watcher is that of the store."""
        scope = self._request.scope
        limit = len(USERS) if scope is WatchScope.USERS else self._request.limit

        async def same() -> bool:
            page = await node.store.top(CONTEST, 1, limit)
            board = [(user.user_id, user.score) for user in page.users]
            rows = [(row.user_id, row.score) for row in self.checker.rows]
            if scope is WatchScope.USERS:
                return {row for row in board if row[0] in WATCHED} == set(rows)
            return rows == board

        await eventually(same, f"the watcher of {scope} has the store's board")

    async def _run(self, node: Node, request: WatchRequest) -> None:
        async with contextlib.aclosing(node.watch(request)) as messages:
            async for message in messages:
                self.messages.append(message)
                encoded = responses.watch_message(message)
                self.checker.feed(pb.WatchContestResponse.FromString(encoded))
                await self.reading.wait()


@pytest_asyncio.fixture(name="nodes")
async def _nodes(store: Store) -> AsyncIterator[tuple[Node, Node]]:
    """Yield two servers on a real and empty store, once their feeds are up."""
    async with running_node(store.url) as one, running_node(store.url) as two:
        await eventually(lambda: one.feed.connected and two.feed.connected, "the feeds are up")
        yield one, two


async def load(nodes: tuple[Node, ...], commits: int, seed: int = 0) -> None:
    """Commit random changes through the servers, several concurrently."""
    rng = random.Random(seed)

    async def write(node: Node) -> None:
        for _ in range(commits):
            updates = [
                ScoreUpdate(CONTEST, rng.choice(USERS), rng.randint(-3, 4))
                for _ in range(rng.choice((1, 1, 1, 5)))
            ]
            await node.committer.commit(CONTEST, updates)

    await asyncio.gather(*(write(node) for node in nodes for _ in range(2)))


@on_a_cluster_too("shared_store", *Flavour)
class TestEveryScope:
    """Guarantees for watchers of every scope."""

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_gets_every_change_of_two_servers(
        self, nodes: tuple[Node, Node], scope: WatchScope
    ) -> None:
        """Every change arrives once and in order, and the final board equals that of the store."""
        watches = [Watch(scope, limit) for limit in (5, 100)]
        async with watches[0].on(nodes[0]), watches[1].on(nodes[1]):
            await load(nodes, 60)
            for watch in watches:
                if scope is not WatchScope.ALL or watch is watches[1]:
                    await watch.reaches(nodes[0])
        assert set(watches[1].checker.reasons) == {"INITIAL"}

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_resumes_on_either_server_without_a_snapshot(
        self, nodes: tuple[Node, Node], scope: WatchScope
    ) -> None:
        """After a resume the missed changes arrive, without a snapshot."""
        watch = Watch(scope)
        async with watch.on(nodes[0]):
            await load(nodes, 20)
            await watch.reaches(nodes[0])
        for turn in range(4):
            await load(nodes, 20, seed=turn)
            async with watch.on(nodes[turn % 2], resume=True):
                await load(nodes, 20, seed=turn + 100)
                await watch.reaches(nodes[0])
        assert set(watch.checker.reasons) == {"INITIAL"}

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_a_slow_watcher_ends_up_right(
        self, nodes: tuple[Node, Node], scope: WatchScope
    ) -> None:
        """After a pause a slow watcher gets merged changes or all missed ones."""
        watch, free = Watch(scope), Watch(scope)
        async with watch.on(nodes[0]), free.on(nodes[0]):
            await eventually(lambda: bool(watch.messages), "the snapshot")
            watch.reading.clear()
            await load(nodes, 60)
            await free.reaches(nodes[0])
            watch.reading.set()
            await watch.reaches(nodes[0])
        assert len(watch.messages) < len(free.messages)

    @pytest.mark.parametrize("scope", [WatchScope.ALL, WatchScope.USERS])
    async def test_one_too_far_behind_gets_a_snapshot(
        self, store: Store, scope: WatchScope
    ) -> None:
        """A watcher too far behind gets a snapshot with LAGGED, and changes after it."""
        watch = Watch(scope)
        async with (
            running_node(store.url, Retention(history_changes=50)) as node,
            watch.on(node),
        ):
            await eventually(lambda: bool(watch.messages), "the snapshot")
            watch.reading.clear()
            await load((node,), 60)
            watch.reading.set()
            await watch.reaches(node)
        assert watch.checker.reasons["LAGGED"] >= 1

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_an_emptied_store_is_a_new_epoch(
        self, nodes: tuple[Node, Node], store: Store, scope: WatchScope
    ) -> None:
        """The watcher gets a snapshot with NEW_EPOCH, and then the changes of the new history."""
        watch = Watch(scope)
        async with watch.on(nodes[0]), store.client() as client:
            await load(nodes, 10)
            await watch.reaches(nodes[0])
            await client.flushall()
            await load(nodes, 10, seed=1)
            await watch.reaches(nodes[0])
        assert watch.checker.reasons["NEW_EPOCH"] == 1

    async def test_an_epoch_without_a_message_is_none_that_ends(
        self, nodes: tuple[Node, Node], store: Store
    ) -> None:
        """A watch of users that got nothing of an epoch does not learn of it by its end."""
        users, everything = Watch(WatchScope.USERS), Watch(WatchScope.ALL)
        async with users.on(nodes[0]), everything.on(nodes[0]), store.client() as client:
            await eventually(lambda: bool(users.messages and everything.messages), "two boards")
            await nodes[0].add(CONTEST, USERS[-1])
            await everything.reaches(nodes[0])
            await client.flushall()
            await eventually(lambda: len(users.messages) > 1, "another board")
            await eventually(lambda: everything.checker.reasons["NEW_EPOCH"] == 1, "a new epoch")
        assert users.checker.reasons == {"INITIAL": 1, "HISTORY_TRIMMED": 1}

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_drains_with_a_position_to_resume_from(
        self, nodes: tuple[Node, Node], scope: WatchScope
    ) -> None:
        """The last message is `end`; a resume on another server misses no change."""
        watch = Watch(scope)
        async with watch.on(nodes[0]):
            await load(nodes, 10)
            await watch.reaches(nodes[0])
            nodes[0].hub.drain()
            await eventually(lambda: watch.checker.ended is not None, "the end")
        async with watch.on(nodes[1], resume=True):
            await load((nodes[1],), 10)
            await watch.reaches(nodes[1])
        with pytest.raises(ServerDraining):
            async with contextlib.aclosing(nodes[0].watch(WatchRequest(CONTEST))) as late:
                await anext(late)


@on_a_cluster_too("shared_store", *Flavour, is_slow=True)
class TestResume:
    """Resumes with and without a snapshot."""

    async def test_a_trimmed_history_needs_a_snapshot(self, store: Store) -> None:
        """A resume before the start of the log gets a snapshot with HISTORY_TRIMMED."""
        async with running_node(store.url, Retention(history_changes=100)) as node:
            watch = Watch(WatchScope.ALL)
            async with watch.on(node):
                await load((node,), 1)
                await watch.reaches(node)
            async with running_node(store.url, Retention(history_changes=100)) as fresh:
                for _ in range(400):
                    await fresh.add(CONTEST, "u1")
                async with watch.on(fresh, resume=True):
                    await watch.reaches(fresh)
        assert watch.checker.reasons["HISTORY_TRIMMED"] == 1

    async def test_a_position_ahead_needs_a_snapshot(self, nodes: tuple[Node, Node]) -> None:
        """A resume at a later position than the store gets a snapshot with AHEAD."""
        await nodes[0].add(CONTEST, "ada")
        now = await nodes[0].store.position(CONTEST)
        request = WatchRequest(CONTEST, resume_after=Position(now.epoch, 9))
        async with contextlib.aclosing(nodes[0].watch(request)) as messages:
            message = await anext(messages)
        assert message.event.reason == "ahead"  # type: ignore[union-attr]

    async def test_an_epoch_that_a_server_has_not_received_needs_none(
        self, nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A watcher of a new epoch resumes without a snapshot on a server that missed it."""
        watch, other = Watch(WatchScope.ALL), Watch(WatchScope.ALL)
        old = (await nodes[0].add(CONTEST, "ada")).position
        async with other.on(nodes[1]):
            await eventually(lambda: bool(other.messages), "the other's snapshot")
            async with watch.on(nodes[0]):
                await eventually(lambda: bool(watch.messages), "the snapshot")
                monkeypatch.setattr(
                    nodes[1].followers.by_contest[CONTEST], "on_message", lambda _: None
                )
                await nodes[0].store.end_epoch(CONTEST, old.epoch)
                await nodes[0].add(CONTEST, "bo")
                await eventually(lambda: watch.position.revision == 3, "the change")
            async with watch.on(nodes[1], resume=True):
                await nodes[0].add(CONTEST, "cy")
                await watch.reaches(nodes[0])
        assert watch.checker.reasons == {"INITIAL": 1, "NEW_EPOCH": 1}

    async def test_a_position_within_a_commit_resumes_with_its_rest(
        self, nodes: tuple[Node, Node]
    ) -> None:
        """A resume within a commit gets the changes after that position."""
        updates = [ScoreUpdate(CONTEST, user, 1) for user in ("a", "b", "c")]
        await nodes[0].committer.commit(CONTEST, updates)
        now = await nodes[0].store.position(CONTEST)
        request = WatchRequest(CONTEST, scope=WatchScope.ALL, resume_after=Position(now.epoch, 1))
        async with contextlib.aclosing(nodes[1].watch(request)) as messages:
            message = await anext(messages)
        changed = [change.user.user_id for change in message.event.changes]  # type: ignore[union-attr]
        assert (changed, message.previous_revision) == (["b", "c"], 1)

    async def test_an_unreadable_log_counts_as_trimmed(
        self, nodes: tuple[Node, Node], store: Store
    ) -> None:
        """A resume from before log entries of another version gets a snapshot."""
        for user in ("a", "b", "c"):
            await nodes[0].add(CONTEST, user)
        now = await nodes[0].store.position(CONTEST)
        log = f"leaderboard:contest:{{{CONTEST}}}:log"
        async with store.client() as client:
            await client.delete(log)
            for revision in (1, 2, 3):
                await client.xadd(log, {"commit": "of another version"}, id=f"{revision}-0")
        request = WatchRequest(CONTEST, scope=WatchScope.ALL, resume_after=Position(now.epoch, 1))
        async with contextlib.aclosing(nodes[1].watch(request)) as messages:
            message = await anext(messages)
        assert isinstance(message.event, Snapshot)
        assert message.event.reason is SnapshotReason.HISTORY_TRIMMED


@on_a_cluster_too("shared_store", *Flavour, is_slow=True)
class TestRollBack:
    """A rollback of the store to an older copy while a server only follows it."""

    async def test_a_server_that_only_followed_detects_it(
        self, nodes: tuple[Node, Node], store: Store
    ) -> None:
        """Reused revisions lead to a new epoch."""
        writer, reader = nodes
        watch = Watch(WatchScope.ALL)
        await writer.add(CONTEST, "ada")
        prefix = f"leaderboard:contest:{{{CONTEST}}}"
        async with watch.on(reader), store.client() as client:
            await eventually(lambda: bool(watch.messages), "the snapshot")
            names = [prefix, *(f"{prefix}:{part}" for part in ("users", "meta", "log"))]
            for name in names:
                await client.copy(name, f"copy:{name}")
            for _ in range(3):
                await writer.add(CONTEST, "bo", 10)
            await watch.reaches(reader)
            for name in names:
                await client.copy(f"copy:{name}", name, replace=True)
            async with running_node(store.url) as fresh:
                for _ in range(4):
                    await fresh.add(CONTEST, "cy")
                await watch.reaches(fresh)
        assert watch.checker.reasons["NEW_EPOCH"] == 1


@on_a_cluster_too("shared_store", *Flavour, is_slow=True)
class TestCancellation:
    """Watchers that are cancelled at any moment."""

    async def test_nothing_is_left_behind(self, nodes: tuple[Node, Node]) -> None:
        """After the last watcher has ended, no shared state of the contest is left."""
        rng = random.Random(1)

        async def look() -> None:
            watch = Watch(WatchScope.TOP)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rng.random() / 50), watch.on(nodes[0]):
                    await asyncio.sleep(1)

        for _ in range(30):
            await asyncio.gather(*(look() for _ in range(10)))

        def nothing_is_held() -> bool:
            gc.collect()
            return not any(isinstance(held, RecentCommits) for held in gc.get_objects())

        await eventually(nothing_is_held, "the recent commits of no contest are held")


@on_a_cluster_too("shared_store", *Flavour, is_slow=True)
class TestQuiet:
    """Watches with few changes."""

    async def test_changes_of_other_users_do_not_delay_a_watched_one(
        self, nodes: tuple[Node, Node]
    ) -> None:
        """A resumed watcher of users gets its change behind thousands of other changes."""
        watch = Watch(WatchScope.USERS)
        async with watch.on(nodes[0]):
            await nodes[0].add(CONTEST, USERS[0])
            await watch.reaches(nodes[0])
        others = [ScoreUpdate(CONTEST, f"other{number}", 1) for number in range(1_000)]
        for _ in range(3):
            await nodes[0].committer.commit(CONTEST, others)
        await nodes[0].add(CONTEST, USERS[0], 7_000)
        async with watch.on(nodes[0], resume=True):
            await eventually(lambda: watch.messages[-1].position.revision == 3_002, "the change")

    async def test_progress_follows_silence(
        self, nodes: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A silent watch gets progress at the last commit, also while other users score."""
        monkeypatch.setattr(watcher, "PROGRESS_S", 0.2)
        watch = Watch(WatchScope.USERS)
        async with watch.on(nodes[0]):
            await nodes[0].add(CONTEST, "somebody-else")
            now = await nodes[0].store.position(CONTEST)
            await eventually(lambda: watch.position == now, "progress up to the position")

    async def test_min_interval_throttles_and_merges(self, nodes: tuple[Node, Node]) -> None:
        """A board that keeps changing is sent no more often than requested."""
        watch, free = Watch(WatchScope.TOP, min_interval_s=0.2), Watch(WatchScope.TOP)
        async with watch.on(nodes[0]), free.on(nodes[0]):
            await load(nodes, 100)
            await watch.reaches(nodes[0])
        assert len(watch.messages) * 3 < len(free.messages)

    async def test_an_unknown_contest_can_be_watched(self, nodes: tuple[Node, Node]) -> None:
        """When the contest begins its changes follow, without another snapshot."""
        watch = Watch(WatchScope.TOP)
        async with watch.on(nodes[0]):
            await eventually(lambda: bool(watch.messages), "the snapshot")
            await load(nodes, 10)
            await watch.reaches(nodes[0])
        assert set(watch.checker.reasons) == {"INITIAL"}

    async def test_equal_watchers_share_their_messages(self, nodes: tuple[Node, Node]) -> None:
        """Equal watchers get the same message object, which is encoded once."""
        watches = [Watch(WatchScope.TOP) for _ in range(5)]
        async with contextlib.AsyncExitStack() as stack:
            for watch in watches:
                await stack.enter_async_context(watch.on(nodes[0]))
            await eventually(lambda: all(len(w.messages) == 1 for w in watches), "the snapshots")
            await nodes[0].add(CONTEST, "ada")
            await eventually(lambda: all(len(w.messages) == 2 for w in watches), "the change")
        assert len({id(watch.messages[1]) for watch in watches}) == 1

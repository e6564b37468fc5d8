"""Watchers get no stale board while store or feed are unavailable or messages are late."""

import contextlib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from harness.node import Node, running_node
from harness.proxy import StoreProxy
from harness.uncounted import board_instruments
from harness.waiting import eventually
from leaderboard_server.board.boards import DEPTH
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.domain.board import RankQuery, Standing
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import Snapshot, SnapshotReason, WatchMessage, WatchRequest
from leaderboard_server.domain.watch import WatchScope as Scope
from leaderboard_server.replication import log_follower

pytestmark = pytest.mark.usefixtures("never_compared")

CONTEST = "cup"
USERS = frozenset({"ada", "bo", "cy"})


@pytest_asyncio.fixture(name="far")
async def _far(proxy: StoreProxy) -> AsyncIterator[Node]:
    """Yield a server that reaches the store through the proxy."""
    async with running_node(proxy.url) as node:
        yield node


def request(scope: Scope, after: Position | None = None) -> WatchRequest:
    """Return the request of a watcher."""
    user_ids = USERS if scope is Scope.USERS else frozenset[str]()
    return WatchRequest(CONTEST, scope=scope, user_ids=user_ids, resume_after=after)


async def first(node: Node, scope: Scope, after: Position | None = None) -> WatchMessage:
    """Return the first message that a watcher gets."""
    async with contextlib.aclosing(node.watch(request(scope, after))) as messages:
        return await anext(messages)


@contextlib.asynccontextmanager
async def watched(node: Node) -> AsyncIterator[Position]:
    """Watch for a block, and yield the position of the first message."""
    async with contextlib.aclosing(node.watch(request(Scope.ALL))) as messages:
        yield (await anext(messages)).position


async def feed_lost(node: Node, proxy: StoreProxy, *commands: str) -> None:
    """Break the connections for good, and wait until the server has detected it."""
    await proxy.refuse()
    await proxy.cut(*commands)
    await eventually(lambda: not node.feed.connected, "the loss is detected")


class TestUnavailable:
    """Watches while a server can't receive the commits of others."""

    async def test_without_the_store_no_watcher_gets_an_old_board(
        self, node: Node, far: Node, proxy: StoreProxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """New and resumed watchers of a watched contest get UNAVAILABLE."""
        await node.add(CONTEST, "ada")
        async with watched(far) as position:
            await far.boards.top(CONTEST, 1, 10)
            await feed_lost(far, proxy)
            monkeypatch.setattr(log_follower, "LIVE_WITHIN_S", 0.05)
            for scope in Scope:
                for after in (None, position):
                    with pytest.raises(StoreUnavailable):
                        await first(far, scope, after)

    async def test_without_the_feed_no_watcher_gets_less_than_was_acknowledged(
        self, far: Node, proxy: StoreProxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A watcher gets no board until the feed is back, and then one with the own write."""
        await far.add(CONTEST, "ada")
        async with watched(far) as position:
            await far.boards.top(CONTEST, 1, 10)
            await feed_lost(far, proxy, "SUBSCRIBE")
            own = (await far.add(CONTEST, "bo", 10)).position
            with monkeypatch.context() as patch:
                patch.setattr(log_follower, "LIVE_WITHIN_S", 0.05)
                for scope in Scope:
                    for after in (None, position, own):
                        with pytest.raises(StoreUnavailable):
                            await first(far, scope, after)

            await proxy.accept()
            await eventually(lambda: far.followers.by_contest[CONTEST].live, "the follower is live")
            for scope in Scope:
                assert (await first(far, scope)).position == own

    async def test_lost_board_is_not_sent_to_a_watcher_of_the_new_epoch(
        self, node: Node, far: Node, proxy: StoreProxy, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A server that missed the new epoch sends no lost board to a watcher that has seen it."""
        old = (await node.add(CONTEST, "ada", 5)).position
        async with watched(far):
            await feed_lost(far, proxy, "SUBSCRIBE")
            await node.store.end_epoch(CONTEST, old.epoch)
            new = (await node.add(CONTEST, "bo", 100)).position
            assert new.epoch != old.epoch
            with monkeypatch.context() as patch:
                patch.setattr(log_follower, "LIVE_WITHIN_S", 0.05)
                for scope in Scope:
                    with pytest.raises(StoreUnavailable):
                        await first(far, scope, new)

            await proxy.accept()
            await eventually(lambda: far.followers.by_contest[CONTEST].live, "the follower is live")
            for scope in Scope:
                message = await first(far, scope, new)
                assert (message.position, type(message.event).__name__) == (new, "Progress")


class TestLateMessages:
    """Watches while messages of other servers' commits are in flight."""

    @pytest.mark.parametrize("read", ["a page past the window", "a rank"])
    async def test_snapshot_of_users_is_not_behind_what_a_caller_got(
        self, node: Node, far: Node, monkeypatch: pytest.MonkeyPatch, read: str
    ) -> None:
        """A read for an earlier watcher is not used for a later one."""
        await node.add(CONTEST, "ada")
        async with watched(far):
            monkeypatch.setattr(far.followers.by_contest[CONTEST], "on_message", lambda _: None)
            early = await first(far, Scope.USERS)
            await node.add(CONTEST, "ada", 2)
            if read == "a rank":
                standing = await Ranks(far.store, board_instruments()).rank_alone(
                    RankQuery(CONTEST, "ada")
                )
                assert isinstance(standing, Standing)
                acked = standing.position
            else:
                acked = (await far.boards.top(CONTEST, DEPTH + 1, 1)).position
            assert not early.position.reaches(acked)

            message = await first(far, Scope.USERS)

        assert message.position.reaches(acked)
        assert isinstance(message.event, Snapshot)
        assert message.event.reason is SnapshotReason.INITIAL
        assert [user.score for user in message.event.users] == [3]

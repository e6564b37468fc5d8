"""Invalidation of cached responses, before any caller gets a later state."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import cast

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.proxy import StoreProxy
from harness.stores import StoreProcess
from harness.uncounted import board_instruments, error_counts
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.board.boards import DEPTH, Boards
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.transport.listener import Listener
from leaderboard_server.transport.methods import Methods
from leaderboard_server.transport.response_cache import ResponseCache

pytestmark = pytest.mark.usefixtures("never_compared")

CONTEST = "cup"


class CachingListener:
    """
    A server behind a listener that caches responses.

    Attributes:
        answers: The cached responses by request.
    """

    def __init__(self, node: Node) -> None:
        self.answers: dict[bytes, bytes] = {}
        cache = ResponseCache(self)
        self.boards = Boards(
            node.store, node.followers, board_instruments(), invalidate=cache.invalidate
        )
        service = LeaderboardService(
            node.committer,
            self.boards,
            Ranks(node.store, board_instruments()),
            node.seasons,
            node.watchers,
            node.store.shard_of,
        )
        self._answered = asyncio.Event()
        """Set once the only call has its answer."""
        listener = SimpleNamespace(
            put_response=cache.put_response,
            is_open=lambda _: True,
            answer=lambda _, _response: self._answered.set(),
            fail=lambda _, error: pytest.fail(str(error)),
        )
        self._methods = Methods(service, cast("Listener", listener), error_counts())

    @property
    def position(self) -> Position | None:
        """The position of the cached response, if there is one."""
        if not self.answers:
            return None
        (answer,) = self.answers.values()
        position = pb.GetTopUsersResponse.FromString(answer).position
        return Position(position.epoch, position.revision)

    def put_response(self, path: str, request: bytes, contest_id: str, response: bytes) -> None:
        """See `response_cache.ResponseStore`."""
        assert contest_id == CONTEST
        self.answers[request] = response

    def invalidate(self, contest_id: str) -> None:
        """See `response_cache.ResponseStore`."""
        assert contest_id == CONTEST
        self.answers.clear()

    async def read(self) -> None:
        """Read the board as a caller without a cached response does."""
        request = pb.GetTopUsersRequest(contest_id=CONTEST).SerializeToString()
        self._answered.clear()
        self._methods.batched["GetTopUsers"]([(1, request)])
        await self._answered.wait()

    async def cached(self) -> Position:
        """Read until the response is cached, and return its position."""

        async def is_cached() -> bool:
            await self.read()
            return bool(self.answers)

        await eventually(is_cached, "a cached response")
        position = self.position
        assert position
        return position


@pytest_asyncio.fixture(name="node")
async def _node(proxy: StoreProxy) -> AsyncIterator[Node]:
    """Yield a server behind the proxy, with a contest of one user."""
    async with running_node(proxy.url) as node:
        await node.add(CONTEST, "ada")
        yield node


@pytest_asyncio.fixture(name="listener")
async def _listener(node: Node) -> AsyncIterator[CachingListener]:
    """Yield a listener of that server."""
    listener = CachingListener(node)
    yield listener
    await listener.boards.close()


async def test_before_the_response_of_a_write(node: Node, listener: CachingListener) -> None:
    """The cached response is invalidated before a write is acknowledged."""
    for _ in range(20):
        before = await listener.cached()
        written = await node.add(CONTEST, "bo")
        assert listener.position is None
        assert (await listener.cached()).reaches(written.position)
        assert not before.reaches(written.position)


async def test_before_the_response_of_a_write_after_late_messages(
    store: StoreProcess, node: Node, listener: CachingListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An own write invalidates it, even if it can't be passed on before late messages."""
    async with running_node(store.url) as other:
        await listener.cached()
        late: list[bytes] = []
        monkeypatch.setattr(node.followers.by_contest[CONTEST], "on_message", late.append)
        await other.add(CONTEST, "cy")
        assert listener.position
        await node.add(CONTEST, "bo")
        assert listener.position is None
        await listener.read()
        assert listener.position is None


async def test_when_others_write(
    store: StoreProcess, node: Node, listener: CachingListener
) -> None:
    """A message of another server invalidates the cached response."""
    async with running_node(store.url) as other:
        before = await listener.cached()
        written = await other.add(CONTEST, "bo")
        await eventually(lambda: listener.position != before, "the write is received")
        assert (await listener.cached()).reaches(written.position)


async def test_when_the_feed_is_lost(
    node: Node, listener: CachingListener, proxy: StoreProxy
) -> None:
    """Without the feed the server misses writes of others, so no response is cached."""
    await listener.cached()
    await proxy.refuse()
    await proxy.cut("SUBSCRIBE")
    await eventually(lambda: not node.feed.connected, "the loss is detected")
    assert listener.position is None
    await listener.read()
    assert listener.position is None
    await proxy.accept()
    await listener.cached()


async def test_when_a_reply_is_of_another_epoch(
    store: StoreProcess,
    node: Node,
    listener: CachingListener,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reply of another epoch invalidates it at once, without a message."""
    old = await listener.cached()
    monkeypatch.setattr(node.followers.by_contest[CONTEST], "on_message", lambda _: None)
    await redis.flushall()
    assert listener.position == old
    found = await node.store.position(CONTEST)
    assert found.epoch != old.epoch
    assert listener.position is None


async def test_when_a_page_past_the_window_is_newer(
    store: StoreProcess, node: Node, listener: CachingListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a read of a later position the cached response is invalidated."""
    async with running_node(store.url) as other:
        before = await listener.cached()
        monkeypatch.setattr(node.followers.by_contest[CONTEST], "on_message", lambda _: None)
        await other.add(CONTEST, "bo")
        assert listener.position == before
        page = await listener.boards.top(CONTEST, DEPTH + 1, 1)
        assert not before.reaches(page.position)
        assert listener.position is None


async def test_when_the_window_is_closed(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the window is closed, the contest is no longer followed."""
    listener = CachingListener(node)
    await listener.cached()
    await listener.boards.close()
    assert listener.position is None
    assert CONTEST not in node.followers.by_contest


async def test_response_that_waited_is_not_cached(node: Node, listener: CachingListener) -> None:
    """A board that was read from the store is not cached, because it may be stale."""
    await listener.read()
    assert listener.position is None
    assert listener.boards.top_now(CONTEST, 1, DEPTH, BEGINNING)

"""Ready-made answers are withdrawn before anybody is told what makes them old."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.proxy import StoreProxy
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.board import boards as module
from leaderboard_server.board.boards import DEPTH, Boards
from leaderboard_server.board.ranks import Ranks
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.service.leaderboard import LeaderboardService
from leaderboard_server.transport.methods import Methods
from leaderboard_server.transport.response_cache import ResponseCache

pytestmark = pytest.mark.usefixtures("never_compared")

CONTEST = "cup"


class Desk:
    """
    A server as a listener with ready-made answers sees it.

    Attributes:
        answers: What is held for requests that come again.
    """

    def __init__(self, node: Node) -> None:
        self.answers: dict[bytes, bytes] = {}
        cache = ResponseCache(self)
        self.boards = Boards(node.store, node.followers, invalidate=cache.invalidate)
        service = LeaderboardService(node.committer, self.boards, Ranks(node.store), node.watchers)
        self._methods = Methods(service, cache.put_response)

    @property
    def position(self) -> Position | None:
        """What the next caller is given without a question to the server, if anything is."""
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

    async def make_ready(self) -> Position:
        """Ask until the answer is ready-made, and return its position."""
        request = pb.GetTopUsersRequest(contest_id=CONTEST).SerializeToString()

        async def is_ready() -> bool:
            await self._methods.unary["GetTopUsers"](request)
            return bool(self.answers)

        await eventually(is_ready, "a ready-made answer")
        position = self.position
        assert position
        return position


@pytest_asyncio.fixture(name="node")
async def _node(line: StoreProxy) -> AsyncIterator[Node]:
    """Give a server at the end of the line, with a contest that has begun."""
    async with running_node(line.url) as node:
        await node.add(CONTEST, "ada")
        yield node


@pytest_asyncio.fixture(name="desk")
async def _desk(node: Node) -> AsyncIterator[Desk]:
    """Give what a listener holds of that server."""
    desk = Desk(node)
    yield desk
    await desk.boards.close()


async def test_before_the_answer_of_a_write(node: Node, desk: Desk) -> None:
    """Whoever asks after a write was acknowledged doesn't get what was before it."""
    for _ in range(20):
        before = await desk.make_ready()
        written = await node.add(CONTEST, "bo")
        assert desk.position is None
        assert (await desk.make_ready()).reaches(written.position)
        assert not before.reaches(written.position)


async def test_before_the_answer_of_a_write_that_others_are_before(
    store: StoreProcess, node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the write can't be passed on yet, since others' messages are late."""
    async with running_node(store.url) as other:
        await desk.make_ready()
        late: list[bytes] = []
        monkeypatch.setattr(node.followers.by_contest[CONTEST], "on_message", late.append)
        await other.add(CONTEST, "cy")
        assert desk.position
        await node.add(CONTEST, "bo")
        assert desk.position is None
        request = pb.GetTopUsersRequest(contest_id=CONTEST).SerializeToString()
        await desk._methods.unary["GetTopUsers"](request)
        assert desk.position is None


async def test_with_what_others_write(store: StoreProcess, node: Node, desk: Desk) -> None:
    """As soon as it is heard of."""
    async with running_node(store.url) as other:
        before = await desk.make_ready()
        written = await other.add(CONTEST, "bo")
        await eventually(lambda: desk.position != before, "the write is heard of")
        assert (await desk.make_ready()).reaches(written.position)


async def test_when_the_link_is_lost(node: Node, desk: Desk, line: StoreProxy) -> None:
    """From then on others' writes are missed, so every caller's question is asked."""
    await desk.make_ready()
    await line.refuse()
    await line.cut("SUBSCRIBE")
    await eventually(lambda: not node.feed.connected, "the loss is noticed")
    assert desk.position is None
    request = pb.GetTopUsersRequest(contest_id=CONTEST).SerializeToString()
    await desk._methods.unary["GetTopUsers"](request)
    assert desk.position is None
    await line.accept()
    await desk.make_ready()


async def test_when_an_answer_is_of_another_epoch(
    store: StoreProcess, node: Node, desk: Desk, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the caller who finds it is told, and though no message tells of it."""
    old = await desk.make_ready()
    monkeypatch.setattr(node.followers.by_contest[CONTEST], "on_message", lambda _: None)
    await redis.flushall()
    assert desk.position == old
    found = await node.store.position(CONTEST)
    assert found.epoch != old.epoch
    assert desk.position is None


async def test_when_a_page_past_the_window_is_newer(
    store: StoreProcess, node: Node, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is told a later position finds no earlier one after that."""
    async with running_node(store.url) as other:
        before = await desk.make_ready()
        monkeypatch.setattr(node.followers.by_contest[CONTEST], "on_message", lambda _: None)
        await other.add(CONTEST, "bo")
        assert desk.position == before
        page = await desk.boards.top(CONTEST, DEPTH + 1, 1)
        assert not before.reaches(page.position)
        assert desk.position is None


async def test_when_the_window_is_let_go(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is heard of the contest any more."""
    desk = Desk(node)
    await desk.make_ready()
    await desk.boards.close()
    assert desk.position is None
    assert CONTEST not in node.followers.by_contest


async def test_an_answer_that_waited_is_not_kept(node: Node, desk: Desk) -> None:
    """What was read from the store may be old by the time it is told."""
    request = pb.GetTopUsersRequest(contest_id=CONTEST).SerializeToString()
    await desk._methods.unary["GetTopUsers"](request)
    assert desk.position is None
    assert desk.boards.top_now(CONTEST, 1, module.DEPTH, BEGINNING)

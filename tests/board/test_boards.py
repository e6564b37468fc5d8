"""Promise 5, fresh: boards from live windows, on a real store and with two servers."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.proxy import StoreProxy
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_server.board import boards as module
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.errors import PositionUnreachable
from leaderboard_server.domain.position import Position

CONTEST = "chess"


@pytest_asyncio.fixture(name="node")
async def _node(store: StoreProcess) -> AsyncIterator[Node]:
    """Give a server on a real and empty store, once its feed is up."""
    async with running_node(store.url) as node:
        yield node


@pytest_asyncio.fixture(name="other")
async def _other(store: StoreProcess) -> AsyncIterator[Node]:
    """Give a second server on the same store."""
    async with running_node(store.url) as node:
        yield node


class Reads:
    """Counts the reads of boards that reach the store, and can hold them up."""

    def __init__(self, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self._top = node.store.top
        monkeypatch.setattr(node.store, "top", self._counted)

    async def _counted(self, contest_id: str, start_rank: int, count: int) -> Page:
        self.count += 1
        page = await self._top(contest_id, start_rank, count)
        await self.gate.wait()
        return page


def _lose(payload: bytes) -> None:
    """Take a message in place of the stream, and lose it."""


async def scores(node: Node, count: int = 10) -> dict[str, int]:
    """Read the first ranks through a server."""
    page = await node.boards.top(CONTEST, 1, count)
    return {user.user_id: user.score for user in page.users}


class TestFresh:
    """A server never answers with less than it has acknowledged; others follow."""

    async def test_own_writes_are_seen_at_once(self, node: Node) -> None:
        """Every read after an acknowledgement has it, also while others are under way."""
        await node.boards.top(CONTEST, 1, 10)

        async def write(user_id: str) -> None:
            for _ in range(30):
                result = await node.add(CONTEST, user_id)
                page = await node.boards.top(CONTEST, 1, 10)
                assert page.position.reaches(result.position)

        await asyncio.gather(*(write(f"u{number}") for number in range(5)))

    async def test_writes_of_another_server_follow(self, node: Node, other: Node) -> None:
        """They come through the channel, without a read of the store."""
        await node.add(CONTEST, "ada")
        await node.boards.top(CONTEST, 1, 10)

        await other.add(CONTEST, "bo", 2)

        async def seen() -> bool:
            return await scores(node) == {"bo": 2, "ada": 1}

        await eventually(seen, "the other server's write is seen")

    async def test_min_position_of_another_server_is_reached_at_once(
        self, node: Node, other: Node
    ) -> None:
        """A read that carries the position of a write through the other server has it."""
        await node.boards.top(CONTEST, 1, 10)
        for number in range(100):
            writer, reader = (node, other) if number % 2 else (other, node)
            result = await writer.add(CONTEST, f"u{number}", number + 1)

            page = await reader.boards.top(CONTEST, 1, 10, result.position)

            assert page.users[0].user_id == f"u{number}"

    async def test_a_position_that_no_server_has_is_refused(self, node: Node) -> None:
        """Neither one of another history nor one that is yet to come is waited for."""
        await node.add(CONTEST, "ada")
        now = (await node.boards.top(CONTEST, 1, 10)).position

        for wanted in (Position("other", 1), Position(now.epoch, 2)):
            with pytest.raises(PositionUnreachable) as refused:
                await node.boards.top(CONTEST, 1, 10, wanted)
            assert refused.value.current == now

    async def test_a_late_fill_does_not_overwrite_a_newer_state(
        self, node: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A write that is acknowledged while the fill is under way is in the answer after it."""
        await node.add(CONTEST, "ada")
        reads = Reads(node, monkeypatch)
        reads.gate.clear()
        asker = asyncio.create_task(scores(node))
        await eventually(lambda: reads.count == 1, "the fill has read the store")
        await node.add(CONTEST, "bo", 2)
        reads.gate.set()

        await asker

        assert await scores(node) == {"bo": 2, "ada": 1}
        assert reads.count == 1

    async def test_a_lost_message_is_made_up_from_the_log(self, node: Node, other: Node) -> None:
        """A message that never arrives leaves no hole once another one does."""
        await node.add(CONTEST, "ada")
        await node.boards.top(CONTEST, 1, 10)
        stream = node.followers.by_contest[CONTEST]
        arrived = stream.on_message
        stream.on_message = _lose  # type: ignore[method-assign]
        await other.add(CONTEST, "bo", 2)
        await node.store.position(CONTEST)
        stream.on_message = arrived  # type: ignore[method-assign]

        await other.add(CONTEST, "cy", 3)

        async def seen() -> bool:
            return await scores(node) == {"cy": 3, "bo": 2, "ada": 1}

        await eventually(seen, "both writes are seen")

    async def test_a_lost_last_message_is_noticed(self, node: Node, other: Node) -> None:
        """Also when no other message follows it."""
        await node.add(CONTEST, "ada")
        await node.boards.top(CONTEST, 1, 10)
        stream = node.followers.by_contest[CONTEST]
        stream.on_message = _lose  # type: ignore[method-assign]

        await other.add(CONTEST, "bo", 2)

        async def seen() -> bool:
            return await scores(node) == {"bo": 2, "ada": 1}

        await eventually(seen, "the write is seen")

    async def test_an_emptied_store_is_noticed(self, node: Node, redis: Redis) -> None:
        """No message tells of it, and yet the window goes; the contest is in a new epoch."""
        await node.add(CONTEST, "ada")
        before = (await node.boards.top(CONTEST, 1, 10)).position

        await redis.flushall()

        async def gone() -> bool:
            page = await node.boards.top(CONTEST, 1, 10)
            return not page.users and page.position.epoch != before.epoch

        await eventually(gone, "the emptied board is seen")

    async def test_a_fill_that_an_epoch_overtakes_is_done_again(
        self, node: Node, redis: Redis, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A page of the lost history that comes late doesn't become the window."""
        await node.add(CONTEST, "ada")
        reads = Reads(node, monkeypatch)
        reads.gate.clear()
        asker = asyncio.create_task(scores(node))
        await eventually(lambda: reads.count == 1, "the fill has read the store")
        stream = node.followers.by_contest[CONTEST]
        lost = stream.position.epoch
        await redis.flushall()
        await eventually(lambda: stream.position.epoch != lost, "the new epoch is heard of")
        reads.gate.set()

        assert await asker == {}
        assert await scores(node) == {}

    async def test_while_the_link_is_down_the_store_is_asked(
        self, store: StoreProcess, other: Node
    ) -> None:
        """Nothing is answered from a window that may have missed a message."""
        async with StoreProxy(store.port) as proxy, running_node(proxy.url) as node:
            await other.add(CONTEST, "ada")
            await scores(node)
            for number in range(20):
                await proxy.refuse()
                await proxy.cut("SUBSCRIBE")
                await eventually(lambda: not node.feed.linked, "the loss is noticed")
                await other.add(CONTEST, f"u{number}", 2)
                assert f"u{number}" in await scores(node, 100)
                await proxy.accept()
                await eventually(
                    lambda: node.followers.by_contest[CONTEST].live, "all is heard again"
                )


class TestHotBoard:
    """A hot board is read without asking the store."""

    async def test_many_askers_share_one_fill(
        self, node: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many come while it is filled."""
        await node.add(CONTEST, "ada")
        reads = Reads(node, monkeypatch)

        await asyncio.gather(*(scores(node) for _ in range(100)))

        assert reads.count == 1

    async def test_writes_do_not_make_it_read_again(
        self, node: Node, other: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Own writes and those of others move the window on, in sight and below."""
        await node.add(CONTEST, "ada", 5)
        await scores(node)
        reads = Reads(node, monkeypatch)

        for number in range(50):
            result = await node.add(CONTEST, f"u{number % 7}")
            assert (await node.boards.top(CONTEST, 1, 10)).position.reaches(result.position)

        async def quiet() -> bool:
            heard = await node.boards.top_as_followed(CONTEST, 10)
            return heard.position == (await node.store.position(CONTEST))

        await other.add(CONTEST, "zoe", 9)
        await eventually(quiet, "all is heard")
        assert reads.count == 0

    async def test_what_is_not_asked_for_is_let_go(
        self, node: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An idle window goes, and with it the subscription."""
        monkeypatch.setattr(module, "SWEEP_S", 0.01)
        now = [0.0]
        boards = module.Boards(node.store, node.followers, clock=lambda: now[0])
        boards.start()
        await boards.top(CONTEST, 1, 10)
        assert CONTEST in node.followers.by_contest

        now[0] = module.IDLE_S + 1

        await eventually(lambda: CONTEST not in node.followers.by_contest, "the stream is let go")
        await boards.close()


class TestOddMessages:
    """What is published in another form, or late, neither stops a server nor makes it spin."""

    @pytest.mark.parametrize(
        "payload",
        [
            "no json",
            "[]",
            '["lost",1,2,1,["ada",1,1,0,0,"","",""]]',
            '["lost",1,2,1,["ada",1,1,0,0,"","","","a later field"]]',
        ],
    )
    async def test_the_feed_goes_on(
        self, node: Node, other: Node, redis: Redis, payload: str
    ) -> None:
        """The stream is read from the log again, once, and is live."""
        await node.add(CONTEST, "ada")
        await node.boards.top(CONTEST, 1, 10)

        await redis.publish(f"leaderboard:{{{CONTEST}}}", payload)
        await other.add(CONTEST, "bo", 2)

        async def seen() -> bool:
            heard = await node.boards.top_as_followed(CONTEST, 10)
            return [user.user_id for user in heard.users] == ["bo", "ada"]

        await eventually(seen, "the next write is heard")
        await eventually(lambda: node.followers.by_contest[CONTEST].live, "the stream is live")
        assert node.feed.linked

    async def test_an_unreadable_log_is_not_read_again_and_again(
        self, node: Node, redis: Redis
    ) -> None:
        """Listeners start anew where the store is, and the stream is live."""
        await node.add(CONTEST, "ada")
        epoch = (await node.boards.top(CONTEST, 1, 10)).position.epoch
        await redis.hset(f"leaderboard:contest:{{{CONTEST}}}:meta", "revision", "2")
        await redis.xadd(f"leaderboard:contest:{{{CONTEST}}}:log", {"commit": "no json"}, id="2-0")

        node.followers.by_contest[CONTEST].catch_up()

        def live() -> bool:
            stream = node.followers.by_contest[CONTEST]
            return stream.live and stream.position == Position(epoch, 2)

        await eventually(live, "the stream is live again")

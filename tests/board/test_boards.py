"""Promise 5, read-your-writes: boards from top windows, on a real store with two servers."""

import asyncio

import pytest
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.proxy import StoreProxy
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_server.board.boards import DEPTH
from leaderboard_server.domain.errors import PositionUnreachable
from leaderboard_server.domain.position import Position

CONTEST = "chess"


def _lose(payload: bytes) -> None:
    """Drop a message instead of passing it to the follower."""


async def scores(node: Node, count: int = 10) -> dict[str, int]:
    """Read the first ranks through a server."""
    page = await node.boards.top(CONTEST, 1, count)
    return {user.user_id: user.score for user in page.users}


class TestReadYourWrites:
    """No response is behind an acknowledged write of its server; other servers follow."""

    async def test_own_writes_are_seen_at_once(self, node: Node) -> None:
        """Every read after an acknowledged write has it, while other writes are in flight too."""
        await node.boards.top(CONTEST, 1, 10)

        async def write(user_id: str) -> None:
            for _ in range(30):
                result = await node.add(CONTEST, user_id)
                page = await node.boards.top(CONTEST, 1, 10)
                assert page.position.reaches(result.position)

        await asyncio.gather(*(write(f"u{number}") for number in range(5)))

    async def test_writes_of_another_server_follow(self, node: Node, other: Node) -> None:
        """Writes of another server arrive through the feed."""
        await node.add(CONTEST, "ada")
        await node.boards.top(CONTEST, 1, 10)

        await other.add(CONTEST, "bo", 2)

        async def seen() -> bool:
            return await scores(node) == {"bo": 2, "ada": 1}

        await eventually(seen, "the other server's write")

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

    async def test_unreachable_position_is_rejected(self, node: Node) -> None:
        """A position of another history and a later one are rejected at once."""
        await node.add(CONTEST, "ada")
        now = (await node.boards.top(CONTEST, 1, 10)).position

        for wanted in (Position("other", 1), Position(now.epoch, 2)):
            with pytest.raises(PositionUnreachable) as refused:
                await node.boards.top(CONTEST, 1, 10, wanted)
            assert refused.value.current == now

    async def test_lost_message_is_read_from_the_log(self, node: Node, other: Node) -> None:
        """After a lost message the next one leads to both commits."""
        await node.add(CONTEST, "ada")
        await node.boards.top(CONTEST, 1, 10)
        follower = node.followers.by_contest[CONTEST]
        receive = follower.on_message
        follower.on_message = _lose  # type: ignore[method-assign]
        await other.add(CONTEST, "bo", 2)
        await node.store.position(CONTEST)
        follower.on_message = receive  # type: ignore[method-assign]

        await other.add(CONTEST, "cy", 3)

        async def seen() -> bool:
            return await scores(node) == {"cy": 3, "bo": 2, "ada": 1}

        await eventually(seen, "both writes")

    async def test_lost_last_message_is_detected(self, node: Node, other: Node) -> None:
        """A lost message is detected even if no other message follows."""
        await node.add(CONTEST, "ada")
        await node.boards.top(CONTEST, 1, 10)
        follower = node.followers.by_contest[CONTEST]
        follower.on_message = _lose  # type: ignore[method-assign]

        await other.add(CONTEST, "bo", 2)

        async def seen() -> bool:
            return await scores(node) == {"bo": 2, "ada": 1}

        await eventually(seen, "the write")

    async def test_emptied_store_is_detected(self, node: Node, redis: Redis) -> None:
        """The window is replaced by one of the new epoch, though no message announces it."""
        await node.add(CONTEST, "ada")
        before = (await node.boards.top(CONTEST, 1, 10)).position

        await redis.flushall()

        async def is_empty() -> bool:
            page = await node.boards.top(CONTEST, 1, 10)
            return not page.users and page.position.epoch != before.epoch

        await eventually(is_empty, "the emptied board")

    async def test_without_the_feed_boards_are_read_from_the_store(
        self, store: StoreProcess, other: Node
    ) -> None:
        """Without the feed a window may lack commits, so it is not read."""
        async with StoreProxy(store.port) as proxy, running_node(proxy.url) as node:
            await other.add(CONTEST, "ada")
            await scores(node)
            for number in range(20):
                await proxy.refuse()
                await proxy.cut("SUBSCRIBE")
                await eventually(lambda: not node.feed.connected, "the loss is detected")
                await other.add(CONTEST, f"u{number}", 2)
                assert f"u{number}" in await scores(node, 100)
                await proxy.accept()
                await eventually(
                    lambda: node.followers.by_contest[CONTEST].live, "the follower is live"
                )

    async def test_page_below_the_window_holds_for_the_window(
        self, node: Node, other: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a page below the window, the first ranks are not of an earlier state."""
        await other.add(CONTEST, "bo")
        await node.boards.top(CONTEST, 1, 10)
        late: list[bytes] = []
        monkeypatch.setattr(node.followers.by_contest[CONTEST], "on_message", late.append)
        await other.add(CONTEST, "ada")

        below = await node.boards.top(CONTEST, DEPTH + 1, 10)
        first = await node.boards.top(CONTEST, 1, 10)

        assert below.position.revision == 2
        assert first.position.reaches(below.position)

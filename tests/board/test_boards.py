"""Promise 5, fresh: boards from live windows, on a real store and with two servers."""

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
                await eventually(lambda: not node.feed.connected, "the loss is noticed")
                await other.add(CONTEST, f"u{number}", 2)
                assert f"u{number}" in await scores(node, 100)
                await proxy.accept()
                await eventually(
                    lambda: node.followers.by_contest[CONTEST].live, "all is heard again"
                )

    async def test_a_page_below_the_window_holds_for_the_window(
        self, node: Node, other: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a page of ranks below any window, the first ranks are not of an earlier state."""
        await other.add(CONTEST, "bo")
        await node.boards.top(CONTEST, 1, 10)
        late: list[bytes] = []
        monkeypatch.setattr(node.followers.by_contest[CONTEST], "on_message", late.append)
        await other.add(CONTEST, "ada")

        below = await node.boards.top(CONTEST, DEPTH + 1, 10)
        first = await node.boards.top(CONTEST, 1, 10)

        assert below.position.revision == 2
        assert first.position.reaches(below.position)

"""Fills of the top window: shared by callers, without a lost commit, and rare."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from harness.node import Node, running_node
from harness.stores import StoreProcess
from harness.uncounted import board_instruments
from harness.waiting import eventually
from leaderboard_server.board import boards as module
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.storage import keys

CONTEST = "cup"


class Filling:
    """A server whose window is about to be filled, and whose messages are held back."""

    def __init__(self, node: Node, other: Node, follower: LogFollower, redis: Redis) -> None:
        self.other = other
        self.follower = follower
        self.redis = redis
        self.held: list[bytes] = []
        self._node = node

    async def fill(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        """Fill the window; `meanwhile` is called once, after rows were read from the store."""
        read, receive = self._node.store.top, self.follower.on_message
        pending = [meanwhile]

        async def read_slowly(contest_id: str, start_rank: int, count: int) -> Page:
            page = await read(contest_id, start_rank, count)
            if pending:
                await pending.pop()()
            return page

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.follower, "on_message", self.held.append)
            patch.setattr(self._node.store, "top", read_slowly)
            await self._node.boards.top_as_followed(CONTEST, 10)
            patch.setattr(self.follower, "on_message", receive)

    async def shows(self, *user_ids: str) -> None:
        """Wait until the boards of watchers and readers have these users."""

        async def is_seen() -> bool:
            followed = await self._node.boards.top_as_followed(CONTEST, 10)
            read = await self._node.boards.top(CONTEST, 1, 10)
            users = [tuple(user.user_id for user in page.users) for page in (followed, read)]
            return users == [user_ids, user_ids]

        await eventually(is_seen, f"{user_ids} in the board")


class Reads:
    """Counts the reads of boards from the store, and can hold back their replies."""

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


async def scores(node: Node, count: int = 10) -> dict[str, int]:
    """Read the first ranks through a server."""
    page = await node.boards.top(CONTEST, 1, count)
    return {user.user_id: user.score for user in page.users}


class _Placeholder:
    """An observer without effects, which keeps the follower alive."""

    def on_commit(self, commit: Commit) -> None:
        """See `log_reader.Observer`."""

    def on_deleted(self) -> None:
        """See `log_reader.Observer`."""

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        """See `log_reader.Observer`."""

    def on_stale(self) -> None:
        """See `log_reader.Observer`."""


@pytest_asyncio.fixture(name="filling")
async def _filling(store: StoreProcess) -> AsyncIterator[Filling]:
    """Yield a server that follows a contest of one user, Bo."""
    async with (
        running_node(store.url) as node,
        running_node(store.url) as other,
        store.client() as redis,
    ):
        await other.add(CONTEST, "bo")
        follower = await node.followers.follow(CONTEST, _Placeholder())
        yield Filling(node, other, follower, redis)


async def test_commit_that_arrives_as_a_fill_ends_is_in_the_window(filling: Filling) -> None:
    """A commit that arrives right after the rows were read is applied."""
    receive = filling.follower.on_message

    async def meanwhile() -> None:
        await filling.other.add(CONTEST, "ada")
        await eventually(lambda: len(filling.held) == 1, "the message of the commit")
        asyncio.get_running_loop().call_soon(receive, filling.held[0])

    await filling.fill(meanwhile)

    await filling.shows("bo", "ada")


async def test_fill_that_a_gap_overtakes_is_not_kept(filling: Filling) -> None:
    """Rows from before a gap that the log can't fill are not kept."""

    async def meanwhile() -> None:
        await filling.other.add(CONTEST, "ada")
        await filling.redis.xtrim(keys.log(CONTEST), 0, approximate=False)
        filling.follower.catch_up()
        await eventually(lambda: filling.follower.position.revision == 2, "the end of the gap")
        await filling.follower.until_live()

    await filling.fill(meanwhile)

    await filling.shows("bo", "ada")


async def test_late_fill_does_not_overwrite_a_newer_state(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that is acknowledged during the fill is in the next page."""
    await node.add(CONTEST, "ada")
    reads = Reads(node, monkeypatch)
    reads.gate.clear()
    caller = asyncio.create_task(scores(node))
    await eventually(lambda: reads.count == 1, "the fill has read the store")
    await node.add(CONTEST, "bo", 2)
    reads.gate.set()

    await caller

    assert await scores(node) == {"bo": 2, "ada": 1}
    assert reads.count == 1


async def test_fill_that_an_epoch_overtakes_is_done_again(
    node: Node, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of the lost history is dropped, and the fill is repeated."""
    await node.add(CONTEST, "ada")
    reads = Reads(node, monkeypatch)
    reads.gate.clear()
    caller = asyncio.create_task(scores(node))
    await eventually(lambda: reads.count == 1, "the fill has read the store")
    follower = node.followers.by_contest[CONTEST]
    lost = follower.position.epoch
    await redis.flushall()
    await eventually(lambda: follower.position.epoch != lost, "the new epoch is followed")
    reads.gate.set()

    assert await caller == {}
    assert await scores(node) == {}


async def test_window_closed_during_its_fill_is_not_kept(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers of the fill get the store's board, and the contest is no longer followed."""
    await node.add(CONTEST, "ada")
    reads = Reads(node, monkeypatch)
    reads.gate.clear()
    caller = asyncio.create_task(scores(node))
    await eventually(lambda: reads.count == 1, "the fill has read the store")
    await node.boards.close()
    assert CONTEST in node.followers.by_contest
    reads.gate.set()

    assert await caller == {"ada": 1}
    assert CONTEST not in node.followers.by_contest
    assert reads.count == 2


class TestHotBoard:
    """A hot board is read without the store."""

    async def test_callers_share_one_fill(
        self, node: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Concurrent callers cause one read of the store."""
        await node.add(CONTEST, "ada")
        reads = Reads(node, monkeypatch)

        await asyncio.gather(*(scores(node) for _ in range(100)))

        assert reads.count == 1

    async def test_writes_do_not_make_it_read_again(
        self, node: Node, other: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Writes of this server and of others update the window without a read."""
        await node.add(CONTEST, "ada", 5)
        await scores(node)
        reads = Reads(node, monkeypatch)

        for number in range(50):
            result = await node.add(CONTEST, f"u{number % 7}")
            assert (await node.boards.top(CONTEST, 1, 10)).position.reaches(result.position)

        async def is_followed() -> bool:
            page = await node.boards.top_as_followed(CONTEST, 10)
            return page.position == (await node.store.position(CONTEST))

        await other.add(CONTEST, "zoe", 9)
        await eventually(is_followed, "the other server's write")
        assert reads.count == 0

    async def test_idle_window_is_evicted(
        self, node: Node, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """When the idle window is evicted, the contest is no longer followed."""
        monkeypatch.setattr(module, "SWEEP_S", 0.01)
        now = [0.0]
        boards = module.Boards(
            node.store, node.followers, board_instruments(), clock=lambda: now[0]
        )
        boards.start()
        await boards.top(CONTEST, 1, 10)
        assert CONTEST in node.followers.by_contest

        now[0] = module.IDLE_S + 1

        await eventually(
            lambda: CONTEST not in node.followers.by_contest, "the end of the follower"
        )
        await boards.close()

"""Runs random operations on a contest through two servers, and compares windows and store.

Boards are small and windows smaller, so that ties, rows that fall out and rows that slide in are
the rule.
"""

import asyncio
import contextlib
import itertools
from collections.abc import Coroutine, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from redis.asyncio import Redis

from board.logged_boards import LoggedBoards
from harness.node import Node, running_node
from harness.plain_board import Step
from harness.proxy import StoreProxy
from harness.stores import StoreProcess
from harness.strategies import steps
from harness.uncounted import board_instruments
from harness.waiting import eventually
from leaderboard_server.board.boards import Boards
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.storage import keys
from model.background import BackgroundLoop

DEPTH = 4
"""Ranks that a window holds in these runs."""
SPARE = 2
"""Rows that it keeps beyond these."""

_NODES = 2

nodes = st.integers(0, _NODES - 1)
commits = st.lists(steps, min_size=1, max_size=4)


class Deployment:
    """Two servers of this process on a real store, each behind a proxy of its own."""

    def __init__(self, loop: BackgroundLoop, store: StoreProcess) -> None:
        self.loop = loop
        self.redis: Redis
        self.proxies: list[StoreProxy] = []
        self.nodes: list[Node] = []
        self._store = store
        self._names = itertools.count()
        self.failures: list[Exception] = []

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Run all for a block."""
        with contextlib.ExitStack() as stack:
            self.redis = stack.enter_context(self.loop.using(self._store.client()))
            for _ in range(_NODES):
                proxy = stack.enter_context(self.loop.using(StoreProxy(self._store.port)))
                self.proxies.append(proxy)
                self.nodes.append(stack.enter_context(self.loop.using(running_node(proxy.url))))
            yield

    def new_contest(self) -> str:
        """Return a contest name that was not used before."""
        return f"contest-{next(self._names)}"


class WindowMachine(RuleBasedStateMachine):
    """One run, in a contest of its own."""

    def __init__(self, deployment: Deployment) -> None:
        """Begin with an empty contest."""
        super().__init__()
        self._deployment = deployment
        self._contest_id = deployment.new_contest()
        self._stored = LoggedBoards(deployment.redis, self._contest_id)
        self._boards = [
            Boards(node.store, node.followers, board_instruments()) for node in deployment.nodes
        ]
        self._acked: list[Position | None] = [None] * _NODES
        self._may_flush = True
        self._steps: list[str] = []
        self._run("begin", self._connect())

    @rule(via=nodes, commit=commits)
    def commit(self, via: int, commit: Sequence[Step]) -> None:
        """Change some users in one step."""
        self._run(f"{via} commits {_text(commit)}", self._commit(via, commit))

    @rule(parcels=st.lists(st.tuples(nodes, commits), min_size=2, max_size=6))
    def commit_together(self, parcels: Sequence[tuple[int, Sequence[Step]]]) -> None:
        """Commit through both servers at the same time, and read both meanwhile."""
        step = ", ".join(f"{via} {_text(commit)}" for via, commit in parcels)
        self._run(f"together {step}", self._commit_together(parcels))

    @rule(via=nodes, start_rank=st.integers(1, 8), count=st.integers(1, 8))
    def read_page(self, via: int, start_rank: int, count: int) -> None:
        """Read any ranks, within the window or beyond it."""
        self._run(f"{via} reads {start_rank} {count}", self._read(via, start_rank, count))

    @rule(via=nodes)
    def read_the_latest(self, via: int) -> None:
        """Read with the latest position of the store as `min_position`."""
        wanted = self._stored.latest
        self._run(f"{via} reads {wanted}", self._read(via, 1, DEPTH, wanted))

    @rule(via=nodes)
    def lose_a_message(self, via: int) -> None:
        """Drop the next message about the contest."""
        self._run(f"{via} loses a message", self._lose_a_message(via))

    @rule(via=nodes)
    def cut_the_feed(self, via: int) -> None:
        """Cut the connection of the feed."""
        self._run(f"{via} is cut", self._deployment.proxies[via].cut("SUBSCRIBE"))

    @rule()
    def trim_the_log(self) -> None:
        """Remove all entries from the log."""
        self._run("trim", self._trim_the_log())

    @precondition(lambda self: self._may_flush)
    @rule()
    def empty_the_store(self) -> None:
        """Lose the whole history, once in a run."""
        self._may_flush = False
        self._run("flush", self._empty_the_store())

    @rule(via=nodes)
    def settle(self, via: int) -> None:
        """Wait until a server has the store's board."""
        self._run(f"{via} rests", self._settle(via))

    @invariant()
    def windows_are_right(self) -> None:
        """Read the whole window of both servers after each step."""
        for via in range(_NODES):
            self._run(f"{via} reads", self._read(via, 1, DEPTH))

    def teardown(self) -> None:
        """Wait until both servers have the store's board, and close the windows."""
        try:
            for via in range(_NODES):
                self._run(f"{via} rests", self._settle(via))
        finally:
            for boards in self._boards:
                self._run("close", boards.close())

    def _run(self, step: str, work: Coroutine[Any, Any, object]) -> None:
        self._steps.append(step)
        try:
            self._deployment.loop.run(work)
        except Exception as error:
            # Hypothesis repeats a failed run, which may succeed: the first failure counts.
            error.add_note("\n".join(self._steps))
            self._deployment.failures.append(error)
            raise

    async def _connect(self) -> None:
        for node in self._deployment.nodes:
            await eventually(lambda: node.feed.connected, "the feed is up")  # noqa: B023

    async def _commit(self, via: int, commit: Sequence[Step]) -> None:
        updates = [
            ScoreUpdate(self._contest_id, step.user_id, step.points, display_name=step.name)
            for step in commit
        ]
        committer = self._deployment.nodes[via].committer
        outcomes = await committer.commit(self._contest_id, updates)
        last = outcomes[-1]
        assert isinstance(last, UpdateResult)
        await self._stored.follow()
        self._acknowledge(via, last.position)

    def _acknowledge(self, via: int, position: Position) -> None:
        """Record an acknowledged position: no later page of the server may be behind it."""
        acked = self._acked[via]
        if acked is None or self._stored.is_behind(acked, position):
            self._acked[via] = position

    async def _trim_the_log(self) -> None:
        await self._deployment.redis.xtrim(keys.log(self._contest_id), 0, approximate=False)

    async def _empty_the_store(self) -> None:
        await self._deployment.redis.flushall()
        self._stored.lose()

    async def _commit_together(self, parcels: Sequence[tuple[int, Sequence[Step]]]) -> None:
        async with asyncio.TaskGroup() as group:
            for via, commit in parcels:
                group.create_task(self._commit(via, commit))
                group.create_task(self._read(via, 1, DEPTH))

    async def _read(
        self, via: int, start_rank: int, count: int, wanted: Position = BEGINNING
    ) -> None:
        """Read a page, and compare it with the store's page at the same position."""
        acked = self._acked[via]
        page = await self._boards[via].top(self._contest_id, start_rank, count, wanted)
        await self._compare(page, start_rank, count)
        for least in (acked, None if wanted == BEGINNING else wanted):
            assert least is None or not self._stored.is_behind(page.position, least), (
                f"{page.position} after {least}"
            )
        self._acknowledge(via, page.position)
        followed = await self._boards[via].top_as_followed(self._contest_id, count)
        await self._compare(followed, 1, count)

    async def _compare(self, page: Page, start_rank: int, count: int) -> None:
        await self._stored.follow()
        assert list(page.users) == self._stored.page(page.position, start_rank, count)
        assert page.total_users == self._stored.total(page.position)

    async def _lose_a_message(self, via: int) -> None:
        follower = self._deployment.nodes[via].followers.by_contest.get(self._contest_id)
        if follower is None:
            return

        def lose(_payload: bytes) -> None:
            vars(follower).pop("on_message", None)

        follower.on_message = lose  # type: ignore[method-assign, assignment]

    async def _settle(self, via: int) -> None:
        async def is_equal() -> bool:
            page = await self._boards[via].top(self._contest_id, 1, DEPTH)
            assert page == await self._deployment.nodes[via].store.top(self._contest_id, 1, DEPTH)
            return True

        await eventually(is_equal, "a board like the store's")


def _text(commit: Sequence[Step]) -> str:
    return " ".join(f"{step.user_id}{step.points:+d}{step.name}" for step in commit)

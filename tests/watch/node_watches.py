"""Checked watches through the parts of a server in the test's own process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

from harness.node import Node
from harness.waiting import eventually
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.board import Page
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import WatchRequest, WatchScope
from leaderboard_server.transport import responses

CONTEST = "cup"
WATCHED = frozenset({"ada", "bo", "cy"})
_SCOPES = {
    WatchScope.TOP: pb.WATCH_SCOPE_TOP,
    WatchScope.ALL: pb.WATCH_SCOPE_ALL,
    WatchScope.USERS: pb.WATCH_SCOPE_USERS,
}


class NodeWatch:
    """
    A watch of one scope on a contest of few users.

    Attributes:
        contest_id: The contest.
        checker: Rebuilds the board from the messages, and checks them.
    """

    def __init__(
        self,
        scope: WatchScope,
        limit: int = 10,
        *,
        contest_id: str = CONTEST,
        min_interval_s: float = 0.0,
        hidden_users: bool = False,
    ) -> None:
        self.contest_id = contest_id
        user_ids = WATCHED if scope is WatchScope.USERS else frozenset[str]()
        self.checker = WatchChecker(
            scope=_SCOPES[scope], limit=limit, user_ids=user_ids, hidden_users=hidden_users
        )
        self._unseen_writes = hidden_users
        self._request = WatchRequest(
            contest_id, limit, scope, user_ids, min_interval_s=min_interval_s
        )

    @property
    def position(self) -> Position:
        """The position of the last message."""
        return Position(self.checker.position.epoch, self.checker.position.revision)

    def holds(self, page: Page) -> bool:
        """Return whether it has the rows of a board with up to 10 users.

        It has the position too, unless writes that it does not see take revisions.
        """
        _, limit, scope, *_ = self._request
        shown = page.users[:limit] if scope is WatchScope.TOP else page.users
        board = sorted(
            (user.user_id, user.score)
            for user in shown
            if scope is not WatchScope.USERS or user.user_id in WATCHED
        )
        rows = sorted((row.user_id, row.score) for row in self.checker.rows)
        latest = self._unseen_writes or self.position == page.position
        return rows == board and self.position.epoch == page.position.epoch and latest

    @property
    def ended(self) -> str:
        """The reason for the end of the stream, empty before it."""
        if self.checker.ended is None:
            return ""
        return pb.EndReason.Name(self.checker.ended).removeprefix("END_REASON_")

    async def run(self, node: Node, *, resume_after: pb.Position | None = None) -> None:
        """Watch until the end, or until cancelled."""
        self.checker.begin(resume_after)
        after = Position(resume_after.epoch, resume_after.revision) if resume_after else None
        request = self._request._replace(resume_after=after)
        async with contextlib.aclosing(node.watch(request)) as messages:
            async for message in messages:
                encoded = responses.watch_message(message)
                self.checker.feed(pb.WatchContestResponse.FromString(encoded))


@contextlib.asynccontextmanager
async def all_watch(node: Node, watches: Sequence[NodeWatch]) -> AsyncIterator[None]:
    """Run the watches until the block ends; it begins when each has a message."""
    tasks = [asyncio.create_task(watch.run(node)) for watch in watches]
    try:
        await eventually(lambda: all(watch.checker.states for watch in watches), "the snapshots")
        yield
    finally:
        for task in tasks:
            if not task.done():
                task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def all_hold(node: Node, watches: Sequence[NodeWatch]) -> None:
    """Wait until all watches have the boards of the store, which no longer change."""

    async def hold() -> bool:
        contests = {watch.contest_id for watch in watches}
        pages = {contest_id: await node.store.top(contest_id, 1, 10) for contest_id in contests}
        return all(watch.holds(pages[watch.contest_id]) for watch in watches)

    await eventually(hold, "the store's board with every watch", within=30)

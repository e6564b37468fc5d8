"""Watches an in-memory contest with several viewers."""

import contextlib
from collections.abc import AsyncIterator

from harness.waiting import eventually
from watch.in_memory_contest import InMemoryContest, Viewer


@contextlib.asynccontextmanager
async def all_watching(*viewers: Viewer) -> AsyncIterator[None]:
    """Watch with all viewers for a block."""
    async with contextlib.AsyncExitStack() as stack:
        for viewer in viewers:
            await stack.enter_async_context(viewer.watching())
        yield


async def all_follow(contest: InMemoryContest, *viewers: Viewer) -> None:
    """Wait until each viewer has its first message and follows a group."""

    def follow() -> bool:
        return sum(contest.following.values()) == len(viewers)

    await eventually(lambda: all(viewer.messages for viewer in viewers), "a message for each")
    await eventually(follow, "each follows a group")


async def all_show(contest: InMemoryContest, *viewers: Viewer) -> None:
    """Wait until each viewer has the first ranks of its limit."""

    def show() -> bool:
        board = [(user.user_id, user.score) for user in contest.board.ranked()]
        return all(viewer.board == board[: viewer.limit] for viewer in viewers)

    await eventually(show, "the board with each viewer")

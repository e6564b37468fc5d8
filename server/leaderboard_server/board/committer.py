"""Commits score updates in batches, one commit of a contest at a time."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from leaderboard_server.board.call_batcher import CallBatcher, Decode
from leaderboard_server.domain.errors import Outcome
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage.codec import CommitReply
from leaderboard_server.storage.store import Store

Result = TypeVar("Result")

MAX_UPDATES = 250
"""The most updates in one commit, unless one caller sends more: about 25 ms of the store."""


class Committer:
    """Commits updates. Lives as long as the store."""

    def __init__(self, store: Store, announce: Callable[[CommitReply], None]) -> None:
        """Commit to `store`; call `announce` with each commit before its callers get results."""
        self._store = store
        self._announce = announce
        self._batcher = CallBatcher(self._call, max_size=MAX_UPDATES)

    def commit(
        self,
        contest_id: str,
        updates: Sequence[ScoreUpdate],
        map_result: Callable[[Sequence[Outcome]], Result],
    ) -> asyncio.Future[Result]:
        """Apply 1 to 1,000 updates of one contest in one atomic step.

        If the caller is cancelled before its updates are sent, they are dropped; after that they
        take effect.

        Args:
            contest_id: The contest.

            updates: The updates, applied in order.

            map_result: Turns their outcomes into the result, or raises the caller's error.

        Raises:
            StoreUnavailable: The store is away; the updates may have been applied.

            StoreFull: The store is full; nothing was written.
        """
        return self._batcher.submit(contest_id, updates, len(updates), map_result)

    @property
    def size(self) -> int:
        """The number of updates that are queued or in flight."""
        return self._batcher.size

    async def close(self) -> None:
        """Wait until every update has its result."""
        await self._batcher.close()

    async def _call(self, contest_id: str, updates: list[ScoreUpdate]) -> Decode[Outcome]:
        reply = await self._store.commit(contest_id, updates)

        def decode() -> list[Outcome]:
            self._announce(reply)
            return reply.outcomes()

        return decode

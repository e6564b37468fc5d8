"""Commits in groups: what comes while a commit of its contest is under way shares the next."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from leaderboard_server.board.call_batcher import CallBatcher, Read
from leaderboard_server.domain.errors import Outcome
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage.codec import CommitReply
from leaderboard_server.storage.store import Store

Result = TypeVar("Result")

MAX_GROUP = 250
"""The most updates in one commit: about 25 ms of the store."""


class Committer:
    """Applies updates, those of one contest in turn. Lives as long as the store."""

    def __init__(self, store: Store, announce: Callable[[CommitReply], None]) -> None:
        """Commit to `store`; `announce` is told of each commit before its writers are."""
        self._store = store
        self._announce = announce
        self._batcher = CallBatcher(self._call, max_size=MAX_GROUP)

    def commit(
        self,
        contest_id: str,
        updates: Sequence[ScoreUpdate],
        take: Callable[[Sequence[Outcome]], Result],
    ) -> asyncio.Future[Result]:
        """Apply 1 to 1,000 updates of one contest in one atomic step.

        A caller that goes away while its updates wait takes them with it; once they are sent they
        take effect.

        Args:
            contest_id: The contest.

            updates: The updates, applied in order.

            take: Turns what they led to into the result, or raises what the caller is to get.

        Raises:
            StoreUnavailable: The store is away; the updates may have been applied.
        """
        return self._batcher.submit(contest_id, updates, len(updates), take)

    @property
    def size(self) -> int:
        """How many updates wait or are being applied."""
        return self._batcher.size

    async def close(self) -> None:
        """Wait until everything that was asked for is answered."""
        await self._batcher.close()

    async def _call(self, contest_id: str, updates: list[ScoreUpdate]) -> Read[Outcome]:
        reply = await self._store.commit(contest_id, updates)

        def read() -> list[Outcome]:
            self._announce(reply)
            return reply.outcomes()

        return read

"""Commits score updates in batches, one commit of a contest at a time."""

import asyncio
from collections.abc import Callable, Sequence

from leaderboard_server.board.call_batcher import CallBatcher, Decode, MakeBatcher
from leaderboard_server.board.instruments import BoardInstruments
from leaderboard_server.callbacks import Done, Receiver
from leaderboard_server.domain.errors import Outcome
from leaderboard_server.domain.update import ScoreUpdate
from leaderboard_server.storage.codec import CommitReply
from leaderboard_server.storage.store import Store

MAX_UPDATES = 250
"""The most updates in one commit, unless one caller sends more: about 25 ms of the store."""


class Committer:
    """Commits updates. Lives as long as the store."""

    def __init__(
        self,
        store: Store,
        announce: Callable[[CommitReply], None],
        instruments: BoardInstruments,
        make_batcher: MakeBatcher = CallBatcher,
    ) -> None:
        """Commit to `store`; call `announce` with each commit before its callers get results."""
        self._store = store
        self._sizes = instruments.commit_sizes
        self._announce = announce
        self._batcher = make_batcher(self._start, max_size=MAX_UPDATES)

    def add(self, update: ScoreUpdate, receiver: Receiver[Outcome], call: int) -> None:
        """Apply an update, and pass its outcome or a `StoreFailure` on to a receiver.

        If the call is over before its update is sent, it is dropped; after that it takes effect.
        """
        self._batcher.add(update.contest_id, (update,), 1, receiver, call)

    def commit(
        self, contest_id: str, updates: Sequence[ScoreUpdate]
    ) -> asyncio.Future[Sequence[Outcome]]:
        """Apply 1 to 1,000 updates of one contest in one atomic step, in order.

        If the caller is cancelled before its updates are sent, they are dropped; after that they
        take effect.

        Returns:
            One outcome for each update, in order.

        Raises:
            StoreUnavailable: The store is away; the updates may have been applied.

            StoreFull: The store is full; nothing was written.
        """
        return self._batcher.submit(contest_id, updates, len(updates))

    @property
    def size(self) -> int:
        """The number of updates that are queued or in flight."""
        return self._batcher.size

    async def close(self) -> None:
        """Wait until every update has its result."""
        await self._batcher.close()

    def _start(
        self, contest_id: str, updates: list[ScoreUpdate], done: Done[Decode[Outcome]]
    ) -> None:
        def on_commit(reply: CommitReply | Exception) -> None:
            done(reply if isinstance(reply, Exception) else lambda: self._outcomes(reply))

        self._sizes.observe(len(updates))
        self._store.start_commit(contest_id, updates, on_commit)

    def _outcomes(self, reply: CommitReply) -> list[Outcome]:
        self._announce(reply)
        return reply.outcomes()

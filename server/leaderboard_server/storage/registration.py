"""Registers contests before their first commit.

In a cluster the entry of a contest may be on another shard than the contest. While that one is away
or full a contest that exists takes commits all the same, since the server that began it has
registered it.
"""

import asyncio
from collections.abc import Callable, Hashable
from functools import partial

from leaderboard_server.callbacks import Done, settle
from leaderboard_server.domain.errors import StoreFailure
from leaderboard_server.domain.position import BEGINNING
from leaderboard_server.storage import scripts
from leaderboard_server.storage.contest_scripts import ContestScripts, Read
from leaderboard_server.storage.registry import ContestRegistry


class Registration:
    """Registers contests. Lives as long as the store."""

    def __init__(
        self,
        registry: ContestRegistry,
        contest_scripts: ContestScripts,
        shard_of: Callable[[str], Hashable],
    ) -> None:
        """Add to `registry`; look by scripts whether a contest exists on its shard."""
        self._registry = registry
        self._scripts = contest_scripts
        self._shard_of = shard_of

    async def run(self, contest_id: str) -> None:
        """Have a contest registered that may be new.

        Raises:
            StoreFailure: The store is away or full.
        """
        result: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.start(contest_id, partial(settle, result))
        await result

    def start(self, contest_id: str, done: Done[None]) -> None:
        """Have a contest registered that may be new, and pass on None or the error."""

        def on_reply(error: Exception | None) -> None:
            apart = self._registry.is_apart(contest_id, self._shard_of(contest_id))
            if apart and isinstance(error, StoreFailure):
                self._if_exists(contest_id, done, error)
            else:
                done(error)

        self._registry.start_registering(contest_id, on_reply)

    def _if_exists(self, contest_id: str, done: Done[None], error: Exception) -> None:
        """Pass on None if a contest exists, else the error of its registration."""

        def on_read(read: Read | Exception) -> None:
            if isinstance(read, Exception) or read.position == BEGINNING:
                done(error)
            else:
                self._registry.note_registered(contest_id)
                done(None)

        self._scripts.start_read(scripts.READ_POSITION, contest_id, on_read)

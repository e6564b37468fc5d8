"""The recent commits of one watched contest, shared by all its watchers.

A watcher is not handed anything: it knows the revision it was told last and takes what came since.
So a slow or dead one costs nothing but its own place, and what it has to be told stays bounded.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from cachetools import LRUCache

from leaderboard_server.domain.board import Page
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.storage.store import Store
from leaderboard_server.storage.stream import HISTORY_PAGE, ContestStream

Read = TypeVar("Read")

SHARED = 64
"""How many results are kept for other watchers who are to be told the same."""


class Topic:
    """What the watchers of one contest share. Implements `stream.Listener`."""

    def __init__(self, recent_changes: int) -> None:
        """Hold `recent_changes` at least for watchers who lag; beyond it they get a snapshot."""
        self._recent_changes = recent_changes
        self._stream: ContestStream | None = None
        self._commits: deque[Commit] = deque()
        self._changes = 0
        self._begin = 0
        self._reaching: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.version = 0
        """Rises whenever watchers should look again."""
        self.begins_by = SnapshotReason.LAGGED
        """Why no commits are held from before the first one."""
        self.shared: LRUCache[object, object] = LRUCache(SHARED)
        """Results that watchers leave for each other, by what they are the result of."""

    def follow(self, stream: ContestStream) -> None:
        """Take the stream that this topic listens to, from its present position on."""
        self._stream = stream
        self._begin = stream.position.revision

    @property
    def position(self) -> Position:
        """The position of the latest commit."""
        assert self._stream
        return self._stream.position

    def on_commit(self, commit: Commit) -> None:
        """See `stream.Listener`."""
        if not self._stream:
            return  # the position that is followed from is a later one
        self._commits.append(commit)
        self._changes += len(commit.changes)
        while self._changes - len(self._commits[0].changes) >= self._recent_changes:
            dropped = self._commits.popleft()
            self._changes -= len(dropped.changes)
            self._begin = dropped.revision
            self.begins_by = SnapshotReason.LAGGED
        self.wake()

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        """See `stream.Listener`."""
        self._commits.clear()
        self._changes = 0
        self._begin = position.revision
        self.begins_by = reason
        self.shared.clear()
        self.wake()

    def since(self, revision: int) -> list[Commit] | None:
        """Return the commits after a revision, or None where some of them are no longer held."""
        if revision < self._begin:
            return None
        commits: list[Commit] = []
        for commit in reversed(self._commits):
            if commit.revision <= revision:
                break
            commits.append(commit.after(revision))
        commits.reverse()
        return commits

    async def reach_back(self, store: Store, after: int) -> None:
        """Take in what the log holds from before the first held commit, back to a revision.

        Every page that is read serves all who come; so however many resume at once, the log is
        read once. Stops where the log, or what a topic may hold, ends.

        Raises:
            StoreUnavailable: The store is away.
        """
        begin = None
        while after < self._begin != begin:
            begin = self._begin
            if not self._reaching:
                self._reaching = asyncio.create_task(self._reach_back(store), name="reach-back")
                self._reaching.add_done_callback(self._reached)
            await asyncio.shield(self._reaching)

    async def _reach_back(self, store: Store) -> None:
        assert self._stream
        epoch, begin = self.position.epoch, self._begin
        if self._changes >= self._recent_changes:
            return
        history = await store.earlier(self._stream.contest_id, begin, HISTORY_PAGE)
        if history.position.epoch != epoch or (self.position.epoch, self._begin) != (epoch, begin):
            return
        for commit in reversed(history.commits):
            if commit.revision != self._begin:
                return
            self._commits.appendleft(commit)
            self._changes += len(commit.changes)
            self._begin = commit.previous_revision

    def _reached(self, task: asyncio.Task[None]) -> None:
        self._reaching = None
        _retrieved(task)

    def catch_up(self) -> None:
        """Have the stream read what it has not heard of yet."""
        assert self._stream
        self._stream.catch_up()

    async def read_state(self, key: object, read: Callable[[], Coroutine[Any, Any, Page]]) -> Page:
        """Read a state once for all watchers who ask for the same before anything changes.

        Raises:
            StoreUnavailable: The store is needed and away.
        """
        assert self._stream
        return await self.read_once((key, self.version, self._stream.told), read)

    async def read_once(self, key: object, read: Callable[[], Coroutine[Any, Any, Read]]) -> Read:
        """Read something once for all watchers for whom it is the same whenever it is read.

        Raises:
            StoreUnavailable: The store is needed and away.
        """
        reading = self.shared.get(key)
        if not isinstance(reading, asyncio.Task):
            reading = self.shared[key] = asyncio.create_task(read(), name="read-once")
            reading.add_done_callback(_retrieved)
        try:
            result: Read = await asyncio.shield(reading)
        except Exception:
            self.shared.pop(key, None)  # the next one who asks tries again
            raise
        return result

    def wake(self) -> None:
        """Let every watcher look again."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, version: int) -> None:
        """Wait until the version is another one."""
        if self.version == version:
            await self._changed.wait()


def _retrieved(task: asyncio.Task[Any]) -> None:
    """Take the error of a task as seen: those who wait for it have it."""
    if not task.cancelled():
        task.exception()

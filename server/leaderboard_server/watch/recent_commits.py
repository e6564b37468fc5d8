"""The recent commits of one watched contest, shared by all its watchers.

A watcher is not handed anything: it knows the revision it was told last and takes what came since.
So a slow or dead one costs nothing but its own place, and what it has to be told stays bounded.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog
from cachetools import LRUCache

from leaderboard_server.domain.change import Commit, ScoreChange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason, WatchMessage
from leaderboard_server.replication.log_follower import HISTORY_PAGE, LogFollower
from leaderboard_server.storage.codec import UnreadableCommit
from leaderboard_server.storage.store import Store

_log = structlog.get_logger()

Read = TypeVar("Read")

SHARED = 64
"""How many results of a kind are kept for other watchers who are to be told the same."""
LOOK_S = 0.05
"""For how long those are gathered who need to know where a contest is in the store."""


class RecentCommits:
    """What the watchers of one contest share. Implements `log_follower.Observer`."""

    def __init__(self, recent_changes: int) -> None:
        """Hold `recent_changes` at least for watchers who lag; beyond it they get a snapshot."""
        self._recent_changes = recent_changes
        self._stream: LogFollower | None = None
        self._commits: list[Commit] = []
        self._changes = 0
        self._begin = 0
        self._reaching: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[Position] | None = None
        self._changed = asyncio.Event()
        self.version = 0
        """Rises whenever watchers should look again."""
        self.reset_reason = SnapshotReason.LAGGED
        """Why no commits are held from before the first one."""
        self.messages: LRUCache[object, WatchMessage] = LRUCache(SHARED)
        """Messages that watchers leave for each other, by all that they depend on."""
        self.merges: LRUCache[object, tuple[ScoreChange, ...]] = LRUCache(SHARED)
        """The same of changes that lead from one state to another."""
        self._reads: LRUCache[object, asyncio.Task[Any]] = LRUCache(SHARED)

    def follow(self, stream: LogFollower) -> None:
        """Take the stream that this topic listens to, from its present position on."""
        self._stream = stream
        self._begin = stream.position.revision

    @property
    def position(self) -> Position:
        """The position of the latest commit."""
        assert self._stream
        return self._stream.position

    def on_commit(self, commit: Commit) -> None:
        """See `log_follower.Observer`."""
        if not self._stream:
            return  # the position that is followed from is a later one
        self._commits.append(commit)
        self._changes += len(commit.changes)
        dropped = 0
        while self._changes - len(self._commits[dropped].changes) >= self._recent_changes:
            self._changes -= len(self._commits[dropped].changes)
            self._begin = self._commits[dropped].revision
            self.reset_reason = SnapshotReason.LAGGED
            dropped += 1
        del self._commits[:dropped]
        self.wake()

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        """See `log_follower.Observer`."""
        self._commits.clear()
        self._changes = 0
        self._begin = position.revision
        self.reset_reason = reason
        self.messages.clear()
        self.merges.clear()
        self._reads.clear()
        self.wake()

    def on_stale(self) -> None:
        """See `log_follower.Observer`; what watchers are told goes by what was heard."""

    def covers(self, revision: int) -> bool:
        """Tell whether all commits after a revision are held."""
        return revision >= self._begin

    def commits_after(self, revision: int, changes: int | None = None) -> list[Commit]:
        """Return the commits after a revision from which on they are held, in order.

        Args:
            revision: The revision.

            changes: After how many changes that is enough; None for all.
        """
        first = bisect_right(self._commits, revision, key=_revision)
        last, size = len(self._commits) if changes is None else first, 0
        while last < len(self._commits) and size < (changes or 0):
            size += len(self._commits[last].changes)
            last += 1
        commits = self._commits[first:last]
        if commits:
            commits[0] = commits[0].after(revision)
        return commits

    async def backfill(self, store: Store, after: int) -> None:
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
                self._reaching = asyncio.create_task(self._backfill(store), name="reach-back")
                self._reaching.add_done_callback(self._reached)
            await asyncio.shield(self._reaching)

    async def _backfill(self, store: Store) -> None:
        assert self._stream
        epoch, begin = self.position.epoch, self._begin
        if self._changes >= self._recent_changes:
            return
        try:
            history = await store.earlier(self._stream.contest_id, begin, HISTORY_PAGE)
        except UnreadableCommit:
            # Here the log ends as far as this version can tell: who was before gets a snapshot.
            _log.warning("log_unreadable", contest_id=self._stream.contest_id)
            return
        if history.position.epoch != epoch or (self.position.epoch, self._begin) != (epoch, begin):
            return
        held = []
        for commit in reversed(history.commits):
            if commit.revision != self._begin:
                break
            held.append(commit)
            self._changes += len(commit.changes)
            self._begin = commit.previous_revision
        self._commits[:0] = reversed(held)

    def _reached(self, task: asyncio.Task[None]) -> None:
        self._reaching = None
        _retrieved(task)

    def catch_up(self) -> None:
        """Have the stream read what it has not heard of yet."""
        assert self._stream
        self._stream.catch_up()

    async def until_live(self) -> None:
        """Wait until every commit is heard of at once.

        Raises:
            StoreUnavailable: That took too long; the link or the store is away.
        """
        assert self._stream
        await self._stream.until_live()

    @property
    def acked_position(self) -> Position:
        """The latest position that this server has told a caller who writes or reads the board."""
        assert self._stream
        return self._stream.acked_position

    async def read_once(self, key: object, read: Callable[[], Coroutine[Any, Any, Read]]) -> Read:
        """Read something once for all for whom it is the same whenever it is read.

        Raises:
            StoreUnavailable: The store is needed and away.
        """
        reading = self._reads.get(key)
        if not reading:
            reading = self._reads[key] = asyncio.create_task(read(), name="read-once")
            reading.add_done_callback(_retrieved)
        try:
            result: Read = await asyncio.shield(reading)
        except Exception:
            self._reads.pop(key, None)  # the next one who asks tries again
            raise
        return result

    async def present(self, store: Store) -> Position:
        """Read where the contest is now; one read for all who ask within `LOOK_S`.

        Raises:
            StoreUnavailable: The store is away.
        """
        if not self._looking:
            self._looking = asyncio.create_task(self._look(store), name="look")
            self._looking.add_done_callback(_retrieved)
        return await asyncio.shield(self._looking)

    async def _look(self, store: Store) -> Position:
        assert self._stream
        await asyncio.sleep(LOOK_S)
        self._looking = None  # who comes from now on may know more than this read finds
        return await store.position(self._stream.contest_id)

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


def _revision(commit: Commit) -> int:
    return commit.revision

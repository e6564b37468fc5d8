"""Recent commits of one watched contest, shared by all its watchers.

Commits are not pushed to watchers: each watcher knows the revision that it has, and reads the
commits after it. So a slow or dead watcher takes no memory, and what it lacks stays bounded.
"""

import asyncio
from bisect import bisect_right
from operator import attrgetter

import structlog

from leaderboard_server.domain.change import Commit, Mark
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.replication.log_reader import HISTORY_PAGE
from leaderboard_server.storage.codec import UnreadableCommit
from leaderboard_server.storage.store import Store
from leaderboard_server.tasks import SingleFlight
from leaderboard_server.watch.shared_results import SharedResults

_log = structlog.get_logger()
_revision = attrgetter("revision")

POSITION_BATCH_S = 0.05
"""Callers that need the store's position within this time share one read of it."""
ERASED_S = 30.0
"""How long the removal of an erased user's row is held for watchers that did not get it yet."""
_BACKFILL_ENDS = {
    Mark.CONTEST_UPDATED: SnapshotReason.CONTEST_UPDATED,
    Mark.USER_ERASED: SnapshotReason.HISTORY_TRIMMED,
}
"""The commits at which the log is not read further back, with the reason for watchers."""


class RecentCommits:
    """The shared state of the watchers of one contest. Implements `log_reader.Observer`."""

    def __init__(self, store: Store, recent_changes: int) -> None:
        """Hold at least `recent_changes`; watchers that lag further behind get a snapshot.

        Writes of hidden users count as changes.
        """
        self._store = store
        self._recent_changes = recent_changes
        self._follower: LogFollower | None = None
        self._commits: list[Commit] = []
        self._revisions = 0
        """The number of revisions that they have, also of hidden users."""
        self._held_after = 0
        """The revision after which all commits are held."""
        self._backfill = SingleFlight(self._read_backwards, name="backfill")
        self._position_read = SingleFlight(self._read_position, name="read-position")
        self._changed = asyncio.Event()
        self.version = 0
        """Rises with every change that watchers should look at."""
        self.reset_reason = SnapshotReason.LAGGED
        """The reason why earlier commits are not held."""
        self.backfill_end = SnapshotReason.HISTORY_TRIMMED
        """The reason why the log is not read further back."""
        self.resumable_from = 0
        """The revision from which on a watch may resume, since a user was erased at it."""
        self.deletions = 0
        """How often the contest was deleted, of which each watcher has to be notified."""
        self._closed_at: Position | None = None
        """The position at which the store said that the contest is closed, if it did."""
        self._interrupted = asyncio.Event()
        self.shared = SharedResults()
        """Results for other watchers."""

    def attach(self, follower: LogFollower) -> None:
        """Hold the commits of a log follower from its current position on."""
        self._follower = follower
        self._held_after = follower.position.revision

    @property
    def follower(self) -> LogFollower:
        """The log follower of the contest."""
        assert self._follower
        return self._follower

    @property
    def position(self) -> Position:
        """The position of the latest commit."""
        return self.follower.position

    def on_commit(self, commit: Commit) -> None:
        """See `log_reader.Observer`."""
        if not self._follower:
            return  # commits are held from a later position on
        if commit.mark is Mark.USER_ERASED:
            self._reset(commit.previous_revision, SnapshotReason.HISTORY_TRIMMED)
            self.resumable_from = commit.revision
            loop = asyncio.get_running_loop()
            loop.call_later(ERASED_S, self._drop_erased, commit.position)
        self._commits.append(commit)
        self._revisions += commit.size
        dropped, left = 0, self._revisions
        while (left := left - self._commits[dropped].size) >= self._recent_changes:
            dropped += 1
        self._drop(dropped, SnapshotReason.LAGGED)
        self.notify()

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        """See `log_reader.Observer`."""
        self._reset(position.revision, reason)
        self.backfill_end = SnapshotReason.HISTORY_TRIMMED
        self.resumable_from = 0
        self._closed_at = None
        # Also in a pause: what the watchers have is not the board any more.
        self.interrupt()

    def on_deleted(self) -> None:
        """See `log_reader.Observer`."""
        self.deletions += 1
        self.on_restart(BEGINNING, SnapshotReason.NEW_EPOCH)

    def close_contest(self, position: Position) -> None:
        """End the watches up to date: until a restart, the contest is closed since a position."""
        self._closed_at = position
        self.interrupt()

    def over_at(self, position: Position) -> bool:
        """Return whether the contest is closed, and a position is that of its last change."""
        closed = self._closed_at
        return closed is not None and position == self.position and position.reaches(closed)

    def _reset(self, held_after: int, reason: SnapshotReason) -> None:
        self._commits.clear()
        self._revisions = 0
        self._held_after = held_after
        self.reset_reason = reason
        self.shared.clear()

    def _drop(self, count: int, reason: SnapshotReason) -> None:
        """Drop the earliest commits."""
        if count:
            self._revisions -= sum(commit.size for commit in self._commits[:count])
            self._held_after = self._commits[count - 1].revision
            self.reset_reason = reason
            del self._commits[:count]

    def _drop_erased(self, position: Position) -> None:
        """Drop the removal of an erased user's row: no memory may hold the user's id."""
        if position.epoch == self.position.epoch:
            count = bisect_right(self._commits, position.revision, key=_revision)
            self._drop(count, SnapshotReason.HISTORY_TRIMMED)
            self.shared.clear()

    def on_stale(self) -> None:
        """See `log_reader.Observer`; watchers get commits in order, however late."""

    def covers(self, position: Position) -> bool:
        """Return whether all commits after a position are held."""
        same_epoch = position.epoch in (BEGINNING.epoch, self.position.epoch)
        return same_epoch and position.revision >= self._held_after

    def commits_after(self, revision: int, min_revisions: int | None = None) -> list[Commit]:
        """Return the commits after a covered revision, in order.

        Args:
            revision: The revision.

            min_revisions: Return no more commits than have this number of revisions; None for all.
        """
        first = bisect_right(self._commits, revision, key=_revision)
        last, size = len(self._commits) if min_revisions is None else first, 0
        while last < len(self._commits) and size < (min_revisions or 0):
            size += self._commits[last].size
            last += 1
        commits = self._commits[first:last]
        if commits:
            commits[0] = commits[0].after(revision)
        return commits

    async def backfill(self, after: int) -> None:
        """Read earlier commits from the log, back to a revision.

        Every page serves all callers, so that however many watchers resume, the log is read once.
        Stops at the beginning of the log, or once `recent_changes` are held.

        Raises:
            StoreUnavailable: The store is down.
        """
        held_after = None
        while after < self._held_after != held_after:
            held_after = self._held_after
            await self._backfill.run()

    async def _read_backwards(self) -> None:
        before = self.position.epoch, self._held_after, self.resumable_from
        if self._revisions >= self._recent_changes:
            return
        contest_id = self.follower.contest_id
        try:
            history = await self._store.earlier(contest_id, self._held_after, HISTORY_PAGE)
        except UnreadableCommit:
            # For this version the log begins here: watchers from before get a snapshot.
            _log.exception("log_unreadable", contest_id=contest_id)
            return
        _log.debug(
            "earlier_log_read",
            contest_id=contest_id,
            before=self._held_after,
            commits=len(history.commits),
        )
        now = self.position.epoch, self._held_after, self.resumable_from
        if now != before or history.position.epoch != self.position.epoch:
            return
        earlier = []
        for commit in reversed(history.commits):
            if commit.revision != self._held_after:
                break
            if commit.mark in _BACKFILL_ENDS:
                self.backfill_end = _BACKFILL_ENDS[commit.mark]
                break
            earlier.append(commit)
            self._revisions += commit.size
            self._held_after = commit.previous_revision
        self._commits[:0] = reversed(earlier)

    async def position_in_store(self) -> Position:
        """Read the position of the contest in the store, at once for many callers.

        Raises:
            StoreUnavailable: The store is down.
        """
        return await self._position_read.run()

    async def _read_position(self) -> Position:
        await asyncio.sleep(POSITION_BATCH_S)
        # A later caller may know of a later position than this read finds.
        self._position_read.detach()
        return await self._store.position(self.follower.contest_id)

    def interrupt(self) -> None:
        """Have every watcher look again, also in its pause: its watch may end."""
        self._interrupted.set()
        self._interrupted = asyncio.Event()
        self.notify()

    async def wait_for_interrupt(self) -> None:
        """Wait until watchers in a pause are to look again."""
        await self._interrupted.wait()

    def notify(self) -> None:
        """Have every watcher look again."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for_change(self, version: int) -> None:
        """Wait until the version is another one."""
        if self.version == version:
            await self._changed.wait()

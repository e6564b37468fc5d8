"""Recent commits of one watched contest, shared by all its watchers.

Commits are not pushed to watchers: each watcher knows the revision that it has, and reads the
commits after it. So a slow or dead watcher takes no memory, and what it lacks stays bounded.
"""

import asyncio
from bisect import bisect_right

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

POSITION_BATCH_S = 0.05
"""Callers that need the store's position within this time share one read of it."""


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
        self._commits.append(commit)
        self._revisions += commit.size
        dropped = 0
        while self._revisions - self._commits[dropped].size >= self._recent_changes:
            self._revisions -= self._commits[dropped].size
            self._held_after = self._commits[dropped].revision
            self.reset_reason = SnapshotReason.LAGGED
            dropped += 1
        del self._commits[:dropped]
        self.notify()

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        """See `log_reader.Observer`."""
        self._commits.clear()
        self._revisions = 0
        self._held_after = position.revision
        self.reset_reason = reason
        self.backfill_end = SnapshotReason.HISTORY_TRIMMED
        self.shared.clear()
        self.notify()

    def on_deleted(self) -> None:
        """See `log_reader.Observer`."""
        self.on_restart(BEGINNING, SnapshotReason.NEW_EPOCH)

    def on_stale(self) -> None:
        """See `log_reader.Observer`; watchers get commits in order, however late."""

    def covers(self, revision: int) -> bool:
        """Return whether all commits after a revision are held."""
        return revision >= self._held_after

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
        epoch, held_after = self.position.epoch, self._held_after
        if self._revisions >= self._recent_changes:
            return
        contest_id = self.follower.contest_id
        try:
            history = await self._store.earlier(contest_id, held_after, HISTORY_PAGE)
        except UnreadableCommit:
            # For this version the log begins here: watchers from before get a snapshot.
            _log.warning("log_unreadable", contest_id=contest_id)
            return
        now = self.position.epoch, self._held_after
        if history.position.epoch != epoch or now != (epoch, held_after):
            return
        earlier = []
        for commit in reversed(history.commits):
            if commit.revision != self._held_after:
                break
            if commit.mark is Mark.CONTEST_UPDATED:
                self.backfill_end = SnapshotReason.CONTEST_UPDATED
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

    def notify(self) -> None:
        """Have every watcher look again."""
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for_change(self, version: int) -> None:
        """Wait until the version is another one."""
        if self.version == version:
            await self._changed.wait()


def _revision(commit: Commit) -> int:
    return commit.revision

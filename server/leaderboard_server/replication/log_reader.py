"""Passes the commits of one contest on in order, once and without gaps; reads its commit log.

Every commit is checked against the position that it follows. Commits that the log no longer holds,
a new epoch or season, and a change of the contest's settings are passed on as a restart at a later
position, and its deletion as such. A contest that is found to be gone, without a message that says
so, is passed on as a new epoch at the beginning.
"""

import asyncio
from collections import deque
from typing import Protocol

import structlog

from leaderboard_server.domain.change import Commit, Mark
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import SnapshotReason, reason_of_new_epoch
from leaderboard_server.metrics.instruments import Counter
from leaderboard_server.replication.acked_position import AckedPosition
from leaderboard_server.replication.rollback import RollbackDetector
from leaderboard_server.storage.codec import UnreadableCommit
from leaderboard_server.storage.store import History, Store

_log = structlog.get_logger()

HISTORY_PAGE = 100
"""Commits read from the log at once; each has up to 1,000 changes, most have few."""
RETRY_S = 0.2
"""Delay before the log is read again after an error."""
_DELETED_EPOCHS = 16
"""Epochs whose deletion is remembered, since messages of them may still arrive."""


class Observer(Protocol):
    """Is called back for the commits of a contest, in the event loop; must not wait."""

    def on_commit(self, commit: Commit) -> None:
        """The next commit, right after the position before."""

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        """Commits before `position` are not passed on; the next one follows it."""

    def on_deleted(self) -> None:
        """The contest was deleted; the next commit begins it again."""

    def on_stale(self) -> None:
        """State made of the commits so far may be older than an acknowledged write."""


class LogReader:
    """Moves through one contest's log. Only one of `advance` and `read_to_end` at a time."""

    def __init__(
        self,
        contest_id: str,
        store: Store,
        rollback: RollbackDetector,
        acked: AckedPosition,
        reads: Counter,
    ) -> None:
        """Read from `store`, and count the reads of the log by `reads`."""
        self._contest_id = contest_id
        self._store = store
        self._rollback = rollback
        self._acked = acked
        self._reads = reads
        self.observers: list[Observer] = []
        self.position: Position | None = None
        """Up to where commits were passed on; None before the first read."""
        self._deleted: deque[str] = deque(maxlen=_DELETED_EPOCHS)
        """The latest epochs that are known to be deleted. If one comes back, the store was restored
        or failed over, and a new epoch begins."""

    def advance(self, commit: Commit) -> bool:
        """Pass a commit on, unless it is known; return False if commits before it are missing."""
        position = self.position
        assert position is not None
        if commit.epoch in self._deleted:
            return True
        if commit.mark is Mark.CONTEST_DELETED and position.epoch in ("", commit.epoch):
            self.delete(commit.epoch)
            return True
        if commit.epoch != position.epoch:
            begins = position == BEGINNING and commit.previous_revision == 0 and commit.size
            if not (begins or commit.mark is Mark.NEW_SEASON):
                return False
        if commit.revision > position.revision:
            if commit.previous_revision != position.revision:
                return False
            self.position = commit.position
            if commit.epoch != position.epoch:
                self._rollback.reset()
                self._acked.observe_restart(commit.position)
            self._rollback.observe_commit(commit)
            self._store.observe_commit(self._contest_id, commit.position)
            restarted = _restarted_by(commit)
            for observer in self.observers:
                if restarted:
                    observer.on_restart(commit.position, restarted)
                else:
                    observer.on_commit(commit)
        return True

    def delete(self, epoch: str) -> None:
        """Pass on that the contest was deleted, if it is still in this epoch."""
        self._deleted.append(epoch)
        self._acked.observe_deletion(epoch)
        self._store.observe_deletion(self._contest_id, epoch)
        if self.position and self.position.epoch == epoch:
            self.position = BEGINNING
            self._rollback.reset()
            _log.debug("deletion_followed", contest_id=self._contest_id, epoch=epoch)
            for observer in self.observers:
                observer.on_deleted()

    async def read_to_end(self, *, diverged: bool) -> None:
        """Pass on what the log holds after the position, however long the store is away.

        Args:
            diverged: Whether the store's history is known to be another one than the followed
                one, so that its epoch has to end first.
        """
        while True:
            try:
                if self.position is None:
                    self.position = await self._store.position(self._contest_id)
                if diverged:
                    _log.debug("history_diverged", contest_id=self._contest_id)
                    await self._store.end_epoch(self._contest_id, self.position.epoch)
                    diverged = False
                deleted_before = tuple(self._deleted)
                if self.position != BEGINNING:
                    # The store has to find out if it is behind what was passed on.
                    self._store.observe_commit(self._contest_id, self.position)
                self._reads.add()
                try:
                    history = await self._store.history(
                        self._contest_id, self.position.revision, HISTORY_PAGE
                    )
                except UnreadableCommit:
                    _log.exception("log_unreadable", contest_id=self._contest_id)
                    present = await self._store.position(self._contest_id)
                    self._restart(present, SnapshotReason.HISTORY_TRIMMED)
                    return
                _log.debug(
                    "log_read",
                    contest_id=self._contest_id,
                    after=self.position.revision,
                    commits=len(history.commits),
                    epoch=history.position.epoch,
                    revision=history.position.revision,
                )
                if history.position.epoch in deleted_before:
                    # The store has lost the deletion, or this connection leads to another one.
                    await self._store.end_epoch(self._contest_id, history.position.epoch)
                    await asyncio.sleep(RETRY_S)
                    continue
                diverged = self._rollback.diverged(history, self.position)
                if not diverged and self._pass_on(history):
                    return
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)
            except Exception:  # noqa: BLE001 - else the contest would not be followed any more
                _log.exception("catch_up_failed", contest_id=self._contest_id)
                await asyncio.sleep(RETRY_S)

    def _pass_on(self, history: History) -> bool:
        """Pass a page of the log on; return whether it was the last one."""
        if history.position.epoch in self._deleted:
            return False  # it was read before the contest was deleted
        self._rollback.start_after(history.before)
        for commit in history.commits:
            if not self.advance(commit):
                break
        position = self.position
        assert position is not None
        if position == history.position:
            return True
        if len(history.commits) == HISTORY_PAGE and position == history.commits[-1].position:
            return False
        if position.epoch in (history.position.epoch, BEGINNING.epoch):
            self._restart(history.position, SnapshotReason.HISTORY_TRIMMED)
        else:
            self._restart(history.position, reason_of_new_epoch(position, history.position))
        return False

    def _restart(self, position: Position, reason: SnapshotReason) -> None:
        self.position = position
        self._rollback.reset()
        self._acked.observe_restart(position)
        _log.debug(
            "follower_restarted",
            contest_id=self._contest_id,
            reason=reason.name,
            epoch=position.epoch,
            revision=position.revision,
        )
        for observer in self.observers:
            observer.on_restart(position, reason)


def _restarted_by(commit: Commit) -> SnapshotReason | None:
    """Return the reason if what was read before a commit has to be read again."""
    if commit.mark is Mark.CONTEST_UPDATED:
        return SnapshotReason.CONTEST_UPDATED
    if commit.mark is Mark.NEW_SEASON:
        return SnapshotReason.NEW_SEASON
    if commit.mark is Mark.USER_ERASED and not commit.changes:
        # As the log has it, and where no row left the board.
        return SnapshotReason.HISTORY_TRIMMED
    return None

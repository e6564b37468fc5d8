"""The commits of one contest, in order, once and without holes.

Whatever was published is checked against the position it follows; what is missing is read from the
log. Where the log can't tell it (trimmed, or another epoch) observers are told to start anew.
"""

import asyncio
import contextlib
from typing import Protocol

import structlog

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.rollback import RollbackDetector
from leaderboard_server.storage.codec import UnreadableCommit, decode_commit
from leaderboard_server.storage.store import Store

_log = structlog.get_logger()

HISTORY_PAGE = 100
"""How many commits are read from the log at once; each has up to 1,000 changes, most have few."""
LIVE_WITHIN_S = 1.0
"""How long to wait at most until a stream is live."""
IN_FLIGHT_S = 0.1
"""How long a message may be on its way before it counts as lost."""
RETRY_S = 0.2
"""How long to wait before the log is read again after the store was away."""


class Observer(Protocol):
    """What is told of a contest, always in the event loop and without waiting."""

    def on_commit(self, commit: Commit) -> None:
        """The next commit, right after the position before."""

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        """What lies between can't be told; commits go on after `position`."""

    def on_stale(self) -> None:
        """What was heard so far may be behind what this server has told, or may be told now."""


class LogFollower:
    """Follows one contest from the moment it is subscribed.

    Implements `feed.Receiver`. `live` tells whether every commit that the link delivers is passed
    on at once; while it is false observers may be behind.
    """

    def __init__(self, contest_id: str, store: Store) -> None:
        self.contest_id = contest_id
        self._store = store
        self._observers: list[Observer] = []
        self._waiting: list[Commit] = []
        self._catching_up: asyncio.Task[None] | None = None
        self._known = False
        self._subscribed = False
        self._once_more = False
        self._heard = False
        self._went_back = False
        self._rollback = RollbackDetector()
        self._ready = asyncio.Event()
        self.position = BEGINNING
        self.acked_position = BEGINNING
        """The latest position that this server has told a caller: no answer may be behind it."""

    @property
    def live(self) -> bool:
        """Whether nothing is missing that the link has delivered."""
        return self._ready.is_set()

    async def until_live(self) -> None:
        """Wait until the stream is live.

        Raises:
            StoreUnavailable: That took too long; the link or the store is away.
        """
        try:
            async with asyncio.timeout(LIVE_WITHIN_S):
                await self._ready.wait()
        except TimeoutError as error:
            raise StoreUnavailable from error

    def add(self, observer: Observer) -> None:
        """Tell `observer` from now on."""
        self._observers.append(observer)

    def remove(self, observer: Observer) -> bool:
        """Stop telling `observer`, and say whether any other is left."""
        self._observers.remove(observer)
        return bool(self._observers)

    def close(self) -> None:
        """Stop following."""
        if self._catching_up:
            self._catching_up.cancel()

    def on_subscribed(self) -> None:
        """See `feed.Receiver`."""
        self._subscribed = True
        self.catch_up()

    def on_link_lost(self) -> None:
        """See `feed.Receiver`."""
        self._subscribed = False
        self._pause()

    def on_message(self, payload: bytes) -> None:
        """See `feed.Receiver`."""
        self._heard = True
        try:
            commit = decode_commit(self.contest_id, payload)
        except UnreadableCommit:
            _log.exception("message_unreadable", contest_id=self.contest_id)
            self.catch_up()
            return
        if self._catching_up:
            self._waiting.append(commit)
        elif self._rollback.revision_reused(commit, self.position):
            self._went_back = True
            self.catch_up()
        elif not self._follow(commit):
            self.catch_up()

    def observe_own_commit(self, commit: Commit) -> None:
        """Take in a commit of this server before it comes through the link.

        Where others' commits before it have not been heard yet it is left to the link.
        """
        if self._store.epoch_changed(self.contest_id, commit.position):
            self.invalidate()
            return
        if commit.epoch != self.acked_position.epoch or commit.position.reaches(
            self.acked_position
        ):
            self.acked_position = commit.position
        if self.live and commit.revision > self.position.revision and self._follow(commit):
            self._rollback.expect_echo(commit)
        else:
            self.invalidate()

    def observe_read(self, position: Position) -> None:
        """Take in that a caller was told a position that was read from the store."""
        if position.epoch == self.position.epoch and position.reaches(self.acked_position):
            self.acked_position = position
            if not self.position.reaches(position):
                self.invalidate()

    def invalidate(self) -> None:
        """Tell observers that what they heard may be behind what callers are told from now on."""
        for observer in self._observers:
            observer.on_stale()

    def _pause(self) -> None:
        self._ready.clear()
        self.invalidate()

    def catch_up(self) -> None:
        """Read what is missing from the log; what is being read may be too old, so then again."""
        self._pause()
        if self._catching_up:
            self._once_more = True
        elif self._subscribed:
            # What was received before the log is read is in it, or of a history that is lost.
            self._waiting.clear()
            self._catching_up = asyncio.create_task(self._catch_up(), name="feed-catch-up")
            self._catching_up.add_done_callback(self._caught_up)

    async def verify(self) -> None:
        """Compare a silent stream with the store.

        That notices a store that was emptied, of which no message tells. A contest that is heard of
        needs no such check: each commit names the position it follows.

        Raises:
            StoreUnavailable: The store is away.
        """
        heard, self._heard = self._heard, False
        if heard or not self.live:
            return
        before = self.position
        if await self._store.position(self.contest_id) == before:
            if self.position == before:
                self._rollback.settle(before)
            return
        await asyncio.sleep(IN_FLIGHT_S)
        if self.live and self.position == before:
            self.catch_up()

    def _follow(self, commit: Commit) -> bool:
        """Pass a commit on if it comes next; say whether it was that or an old one."""
        begins = self.position == BEGINNING and commit.previous_revision == 0
        if commit.epoch != self.position.epoch and not (begins and commit.changes):
            return False
        if commit.revision > self.position.revision:
            if commit.previous_revision != self.position.revision:
                return False
            self.position = commit.position
            self._rollback.follow(commit)
            self._store.observe_commit(self.contest_id, commit.position)
            for observer in self._observers:
                observer.on_commit(commit)
        return True

    def _restart(self, position: Position, reason: SnapshotReason) -> None:
        self.position = position
        self._rollback.forget()
        if self.acked_position.epoch != position.epoch:
            self.acked_position = BEGINNING
        for observer in self._observers:
            observer.on_restart(position, reason)

    async def _catch_up(self) -> None:
        while True:
            try:
                if await self._read_on():
                    return
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)
            except UnreadableCommit:
                _log.exception("log_unreadable", contest_id=self.contest_id)
                with contextlib.suppress(StoreUnavailable):
                    now = await self._store.position(self.contest_id)
                    self._restart(now, SnapshotReason.HISTORY_TRIMMED)
                    return
                await asyncio.sleep(RETRY_S)

    async def _read_on(self) -> bool:
        """Read one page of the log; say whether it was the last."""
        if not self._known:
            self.position = await self._store.position(self.contest_id)
            self._known = True
        if self._went_back:
            await self._store.end_epoch(self.contest_id, self.position.epoch)
            self._went_back = False
        # The store is to find out when it is behind what this stream has heard.
        self._store.observe_commit(self.contest_id, self.position)
        history = await self._store.history(self.contest_id, self.position.revision, HISTORY_PAGE)
        if self._rollback.diverged(history, self.position):
            self._went_back = True
            return False
        self._rollback.begin(history)
        for commit in history.commits:
            if not self._follow(commit):
                break
        if self.position == history.position:
            return True
        if len(history.commits) == HISTORY_PAGE and self.position == history.commits[-1].position:
            return False
        if self.position.epoch in (history.position.epoch, BEGINNING.epoch):
            self._restart(history.position, SnapshotReason.HISTORY_TRIMMED)
        else:
            self._restart(history.position, SnapshotReason.NEW_EPOCH)
        return False

    def _caught_up(self, task: asyncio.Task[None]) -> None:
        self._catching_up = None
        waiting, self._waiting = self._waiting, []
        if task.cancelled() or not self._subscribed:
            return
        once_more, self._once_more = self._once_more, False
        self._rollback.settle(self.position)
        if error := task.exception():
            _log.error("catch_up_failed", contest_id=self.contest_id, exc_info=error)
            asyncio.get_running_loop().call_later(RETRY_S, self.catch_up)
            return
        if once_more or not all(self._follow(commit) for commit in waiting):
            self.catch_up()
            return
        self._rollback.settle(self.position)
        self._ready.set()

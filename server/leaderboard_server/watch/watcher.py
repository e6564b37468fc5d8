"""One watcher: from the last message that it got to its next one."""

import asyncio
import contextlib
import copy
import math
from collections.abc import Callable
from typing import Self

from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import (
    Changes,
    End,
    EndReason,
    Progress,
    Snapshot,
    SnapshotReason,
    WatchMessage,
    WatchRequest,
    WatchScope,
)
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.recent_commits import RecentCommits
from leaderboard_server.watch.views import BoardReader, view_of

PROGRESS_S = 15.0
"""A watcher without a message for this time gets a progress message."""
JITTER = 0.2
"""The share by which that time varies, so that not all watchers get progress at one moment."""
SNAPSHOT_ATTEMPTS = 5
"""Reads of a state for one snapshot, before the watch ends with an error."""
CATCH_UP_S = 1.0
"""The wait for the log follower to receive commits that the store has."""


class Watcher:
    """The position of one watcher, and its next message."""

    def __init__(
        self,
        request: WatchRequest,
        recent: RecentCommits,
        draining: asyncio.Event,
        reader: BoardReader,
        store: Store,
        *,
        randomness: Callable[[], float],
    ) -> None:
        self._request = request
        self._recent = recent
        self._draining = draining
        self._store = store
        self._randomness = randomness
        self.view = view_of(request, reader, store)
        self.last_sent = BEGINNING
        """The position of the last message."""
        self._processed = BEGINNING
        """The position up to which all commits were processed."""
        self._paused_until = 0.0

    @property
    def key(self) -> object:
        """Identifies the messages and the pace of the watcher, for its broadcast group."""
        return self.view.key, self._request.min_interval_s

    def clone(self) -> Self:
        """Return another watcher with this key, at the same state."""
        other = copy.copy(self)
        other.view = copy.copy(self.view)
        return other

    def at_same_state(self, other: Self) -> bool:
        """Return whether both watchers are at the same position and know the same rows."""
        same_rows = self.view.rows_known == other.view.rows_known
        return self.last_sent == other.last_sent and same_rows

    def adopt(self, other: Self, last_sent: Position) -> None:
        """Continue from the state of another watcher with this key, or from before it."""
        self.last_sent = self._processed = last_sent
        self._paused_until = other._paused_until
        if last_sent == other.last_sent:
            self.view = copy.copy(other.view)
        else:
            self.view.reset(None)

    async def start(self) -> WatchMessage | None:
        """Return the first message, or None if the watch resumes without one."""
        recent, after = self._recent, self._request.resume_after
        await recent.follower.until_live()
        if after is None:
            return await self._snapshot(SnapshotReason.INITIAL)
        if after not in {BEGINNING, recent.position}:
            if await self._is_of_lost_epoch(after):
                return await self._snapshot(SnapshotReason.NEW_EPOCH)
            if await self._is_ahead(after):
                return await self._snapshot(SnapshotReason.AHEAD)
        if not recent.covers(after.revision):
            await recent.backfill(after.revision)
            if not recent.covers(after.revision):
                return await self._snapshot(SnapshotReason.HISTORY_TRIMMED)
        self.last_sent = self._processed = after
        return None

    async def _is_of_lost_epoch(self, after: Position) -> bool:
        """Return whether a position is of another epoch than the store's.

        Raises:
            StoreUnavailable: It is of the store's epoch, which the follower does not receive.
        """
        recent = self._recent
        if after.epoch == recent.position.epoch:
            return False
        # The watcher may have observed a new epoch before this server did. An epoch never comes
        # back, so the answer for an epoch holds for all its watchers.
        in_store = await recent.reads.run(
            after.epoch, lambda: self._store.position(self._request.contest_id)
        )
        if after.epoch != in_store.epoch:
            return True
        try:
            async with asyncio.timeout(CATCH_UP_S):
                while recent.position.epoch != in_store.epoch:
                    version = recent.version
                    recent.follower.catch_up()
                    await recent.wait_for_change(version)
        except TimeoutError as error:
            raise StoreUnavailable from error
        return False

    async def _is_ahead(self, after: Position) -> bool:
        """Return whether a position is later than the store's."""
        if self._recent.position.reaches(after):
            return False
        # The watcher may have observed more commits than this server.
        return not (await self._recent.position_in_store()).reaches(after)

    async def poll(self, until: float = math.inf) -> WatchMessage | None:
        """Return the next message, or None while there is none.

        Args:
            until: The loop's time to stop at, if the new commits so far hold nothing watched.
        """
        loop = asyncio.get_running_loop()
        while True:
            if self._draining.is_set():
                return self._message(self._processed, End(EndReason.DRAINING))
            before = self._processed
            if before != BEGINNING and before.epoch != self._recent.position.epoch:
                return await self._snapshot(SnapshotReason.NEW_EPOCH)
            if loop.time() < self._paused_until:
                return None
            if not self._recent.covers(before.revision):
                return await self._snapshot(self._recent.reset_reason)
            delta = await self.view.next_delta(self._recent, before)
            if delta:
                self._processed = delta.position
                if delta.changes:
                    key = before, delta.all_rows
                    return self._shared(key, delta.position, Changes(delta.changes))
            if not delta or loop.time() >= until:
                return None
            await asyncio.sleep(0)  # other tasks get a turn, however many commits there are

    async def next(self) -> WatchMessage:
        """Wait for the next message, which is a progress message after a quiet time.

        Raises:
            StoreUnavailable: The log follower is not live, so progress can't be claimed.
        """
        loop = asyncio.get_running_loop()
        spread = 1 + JITTER * (2 * self._randomness() - 1)
        quiet_until = loop.time() + PROGRESS_S * spread
        while True:
            version = self._recent.version
            if message := await self.poll(quiet_until):
                return message
            with contextlib.suppress(TimeoutError):
                if loop.time() < self._paused_until:
                    async with asyncio.timeout_at(min(quiet_until, self._paused_until)):
                        await self._draining.wait()
                else:
                    async with asyncio.timeout_at(quiet_until):
                        await self._recent.wait_for_change(version)
            if loop.time() >= quiet_until:
                await self._recent.follower.until_live()
                return self.progress()

    def progress(self) -> WatchMessage:
        """Return a progress message: the watcher has everything up to its position."""
        return self._message(self._processed, Progress())

    def apply_min_interval(self, message: WatchMessage) -> None:
        """Pause after a message for the minimal interval of the request."""
        if self._request.scope is WatchScope.TOP and isinstance(message.event, Changes):
            interval_s = self._request.min_interval_s
            self._paused_until = asyncio.get_running_loop().time() + interval_s

    async def _snapshot(self, reason: SnapshotReason) -> WatchMessage:
        recent = self._recent
        acked = recent.follower.acked_position
        for attempt in range(SNAPSHOT_ATTEMPTS):
            version = recent.version
            # A state that proved useless is read again, once for all watchers.
            latest = self._store.latest(self._request.contest_id)
            key = self.view.key, attempt, version, latest
            page = await recent.reads.run(key, self.view.read_state)
            now = recent.position
            if page.position.epoch == now.epoch and (
                acked.epoch != now.epoch or page.position.reaches(acked)
            ):
                break
            # Either the page or the follower is of a new epoch, or commits of other servers before
            # an acknowledged one are still missing.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CATCH_UP_S):
                    await recent.wait_for_change(version)
        else:
            raise StoreUnavailable
        self.view.reset(page.users)
        self._processed = page.position
        snapshot = Snapshot(page.users, page.total_users, reason)
        return self._shared(reason, page.position, snapshot)

    def _shared(self, key: object, position: Position, event: Snapshot | Changes) -> WatchMessage:
        """Return the one message for all watchers with the same last and next message."""
        key = self.view.key, self.last_sent.revision, position, key
        message = self._recent.messages.get(key)
        if message:
            self.last_sent = position
        else:
            message = self._recent.messages[key] = self._message(position, event)
        return message

    def _message(
        self, position: Position, event: Snapshot | Changes | Progress | End
    ) -> WatchMessage:
        message = WatchMessage(position, self.last_sent.revision, event)
        self.last_sent = position
        return message

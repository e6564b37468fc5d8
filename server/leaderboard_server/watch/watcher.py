"""One watcher: from the last message that it got to its next one."""

import asyncio
import contextlib
import math
from collections.abc import Callable

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
    reason_of_new_epoch,
)
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.delta_reader import DeltaReader, pace_of
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
        self._store = store
        self._randomness = randomness
        self.view = view_of(request, reader, store)
        self.reader = DeltaReader(self.view, recent, draining)
        self.pace_s = pace_of(request.min_interval_s) if self.view.depth else 0.0
        """The time that it pauses after a message of changes."""
        self.last_sent = BEGINNING
        """The position of the last message."""

    def adopt(self, other: DeltaReader, last_sent: Position, *, latest: bool) -> None:
        """Continue after a message of a group.

        Args:
            other: The reader of the group's messages.

            last_sent: The position of the last message that the watcher got.

            latest: Whether the group has published none after it.
        """
        self.last_sent = last_sent
        self.reader.paused_until = other.paused_until
        if latest:
            self.reader.position = other.position
            self.view.adopt(other.view)
        else:
            self.reader.position = last_sent
            self.view.restore(self._recent, last_sent)

    async def start(self) -> WatchMessage | None:
        """Return the first message, or None if the watch resumes without one."""
        recent, after = self._recent, self._request.resume_after
        await recent.follower.until_live()
        if after is None:
            return await self._snapshot(SnapshotReason.INITIAL, BEGINNING)
        if after not in {BEGINNING, recent.position}:
            if await self._is_of_lost_epoch(after):
                return await self._snapshot(SnapshotReason.NEW_EPOCH, after)
            if await self._is_ahead(after):
                return await self._snapshot(SnapshotReason.AHEAD, after)
        if not recent.covers(after):
            await recent.backfill(after.revision)
        if after.revision < recent.resumable_from:
            return await self._snapshot(SnapshotReason.HISTORY_TRIMMED, after)
        if not recent.covers(after):
            return await self._snapshot(recent.backfill_end, after)
        self.last_sent = self.reader.position = after
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
        in_store = await recent.shared.reads.run(
            after.epoch, lambda: self._store.position(self._request.contest_id)
        )
        if after.epoch != in_store.epoch:
            return True
        try:
            async with asyncio.timeout(CATCH_UP_S):
                while recent.position.epoch != in_store.epoch:
                    version = recent.version
                    recent.follower.catch_up("behind a watcher")
                    await recent.wait_for_change(version)
        except TimeoutError as error:
            raise StoreUnavailable from error
        return False

    async def _is_ahead(self, after: Position) -> bool:
        """Return whether a position of this server's epoch is later than the store's."""
        if self._recent.position.reaches(after):
            return False
        # The watcher may have observed more commits than this server. Where the store is in another
        # epoch by now, as the season has ended, the server and the watcher get there together.
        in_store = await self._recent.position_in_store()
        return in_store.epoch == after.epoch and not in_store.reaches(after)

    async def poll(self, until: float = math.inf) -> WatchMessage | None:
        """Return the next message, or None while there is none.

        Args:
            until: The loop's time to stop at, if the new commits so far hold nothing watched.
        """
        loop = asyncio.get_running_loop()
        while True:
            before = self.reader.position
            delta = await self.reader.poll()
            if isinstance(delta, EndReason):
                return self._message(before, End(delta))
            if isinstance(delta, SnapshotReason):
                # Not `before`: commits without a message may have led there, into an epoch that
                # the caller has no position of.
                return await self._snapshot(delta, self.last_sent)
            if delta and (changes := self.view.changes(delta)):
                key = before, delta.all_rows
                return self._shared(key, delta.position, Changes(changes, delta.total_users))
            if not delta or loop.time() >= until:
                return None
            await asyncio.sleep(0)  # other tasks get a turn, however many commits there are

    async def next(self) -> WatchMessage:
        """Wait for the next message, which is a progress message after a quiet time.

        Raises:
            StoreUnavailable: The log follower is not live, so progress can't be claimed.
        """
        loop = asyncio.get_running_loop()
        quiet_until = self.quiet_time()
        while True:
            version = self._recent.version
            if message := await self.poll(quiet_until):
                return message
            await self.reader.wait(version, quiet_until)
            if loop.time() >= quiet_until:
                await self._recent.follower.until_live()
                return self.progress()

    def quiet_time(self) -> float:
        """Return the loop's time at which a progress message is due, if no other comes before."""
        spread = 1 + JITTER * (2 * self._randomness() - 1)
        return asyncio.get_running_loop().time() + PROGRESS_S * spread

    def progress(self) -> WatchMessage:
        """Return a progress message: the watcher has everything up to its position."""
        return self._message(self.reader.position, Progress())

    def apply_min_interval(self, message: WatchMessage) -> None:
        """Pause after a message for the minimal interval of the request."""
        if self.pace_s and isinstance(message.event, Changes):
            self.reader.paused_until = asyncio.get_running_loop().time() + self.pace_s

    async def _snapshot(self, reason: SnapshotReason, before: Position) -> WatchMessage:
        """Return a snapshot for a watcher that had everything up to a position."""
        recent = self._recent
        acked = recent.follower.acked_position
        for attempt in range(SNAPSHOT_ATTEMPTS):
            version = recent.version
            # A state that proved useless is read again, once for all watchers.
            latest = self._store.latest(self._request.contest_id)
            key = self.view.key, attempt, version, latest
            page = await recent.shared.reads.run(key, self.view.read_state)
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
        self.view.reset(page)
        self.reader.position = page.position
        # The epoch may have ended since the reason was found, as that of an absent contest has.
        if before.epoch and before.epoch != page.position.epoch:
            reason = reason_of_new_epoch(before, page.position)
        elif reason in (SnapshotReason.NEW_EPOCH, SnapshotReason.NEW_SEASON):
            reason = SnapshotReason.HISTORY_TRIMMED
        snapshot = Snapshot(page.users, page.total_users, reason, page.rules)
        return self._shared(reason, page.position, snapshot)

    def _shared(self, key: object, position: Position, event: Snapshot | Changes) -> WatchMessage:
        """Return the one message for all watchers with the same last and next message."""
        key = self.view.key, self.last_sent.revision, position, key
        message = self._recent.shared.messages.get(key)
        if message:
            self.last_sent = position
        else:
            message = self._recent.shared.messages[key] = self._message(position, event)
        return message

    def _message(
        self, position: Position, event: Snapshot | Changes | Progress | End
    ) -> WatchMessage:
        message = WatchMessage(position, self.last_sent.revision, event)
        self.last_sent = position
        return message

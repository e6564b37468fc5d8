"""One watcher: from what it was told last to what it is told next."""

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
"""After how long without news a watcher is told that it has everything."""
JITTER = 0.2
"""By which share that time differs, so that many watchers are not all told in one moment."""
ATTEMPTS = 5
"""How often a state is read for a snapshot before the watcher is sent away."""
BEHIND_S = 1.0
"""How long to wait for the topic to hear of what the store has told already."""


class Watcher:
    """Where a watcher is, and what comes next for it."""

    def __init__(
        self,
        request: WatchRequest,
        topic: RecentCommits,
        draining: asyncio.Event,
        reader: BoardReader,
        store: Store,
        *,
        randomness: Callable[[], float],
    ) -> None:
        self._request = request
        self._topic = topic
        self._draining = draining
        self._store = store
        self._randomness = randomness
        self.view = view_of(request, reader, store)
        self.last_sent = BEGINNING
        """The position of the last message."""
        self._rests_until = 0.0
        self._seen = BEGINNING
        """The position up to which nothing was left to tell."""

    @property
    def kind(self) -> object:
        """What watchers have in common that are told the same, at the same pace."""
        return self.view.kind(), self._request.min_interval_s

    def clone(self) -> Self:
        """Return another watcher of this kind, who was told the same."""
        other = copy.copy(self)
        other.view = copy.copy(self.view)
        return other

    def at_same_state(self, other: Self) -> bool:
        """Tell whether another of this kind was told the same, and as much is known of its rows."""
        return self.last_sent == other.last_sent and self.view.tracks == other.view.tracks

    def adopt(self, other: Self, told: Position) -> None:
        """Go on from where another of this kind was, or from before that."""
        self.last_sent = self._seen = told
        self._rests_until = other._rests_until
        if told == other.last_sent:
            self.view = copy.copy(other.view)
        else:
            self.view.lose_track()

    async def start(self) -> WatchMessage | None:
        """Return the first message, or None where the watcher resumes without one."""
        await self._topic.until_live()
        after = self._request.resume_after
        if after is None:
            return await self._snapshot(SnapshotReason.INITIAL)
        if after not in {BEGINNING, self._topic.position}:
            if await self._is_over(after):
                return await self._snapshot(SnapshotReason.NEW_EPOCH)
            if await self._is_ahead(after):
                return await self._snapshot(SnapshotReason.AHEAD)
        if not self._topic.covers(after.revision):
            await self._topic.backfill(self._store, after.revision)
            if not self._topic.covers(after.revision):
                return await self._snapshot(SnapshotReason.HISTORY_TRIMMED)
        self.last_sent = self._seen = after
        return None

    async def _is_over(self, after: Position) -> bool:
        """Tell whether a position is of another epoch than the present one.

        Raises:
            StoreUnavailable: It is of an epoch that has begun, and can't be heard of.
        """
        if after.epoch == self._topic.position.epoch:
            return False
        # The watcher may have heard of a new epoch before this server did. An epoch never comes
        # back, so what holds for one who names it holds for all who do.
        present = await self._topic.read_once(
            after.epoch, lambda: self._store.position(self._request.contest_id)
        )
        if after.epoch != present.epoch:
            return True
        try:
            async with asyncio.timeout(BEHIND_S):
                while self._topic.position.epoch != present.epoch:
                    version = self._topic.version
                    self._topic.catch_up()
                    await self._topic.changed(version)
        except TimeoutError as error:
            raise StoreUnavailable from error
        return False

    async def _is_ahead(self, after: Position) -> bool:
        """Tell whether a position has not come yet, though the watcher says it has."""
        if self._topic.position.reaches(after):
            return False
        # The watcher may have heard of more before this server did.
        return not (await self._topic.present(self._store)).reaches(after)

    async def news(self, until: float = math.inf) -> WatchMessage | None:
        """Return the next message, or None while there is nothing to tell.

        Args:
            until: The loop's time from which on no more is looked at that is not to be told.
        """
        while True:
            if self._draining.is_set():
                return self._message(self._seen, End(EndReason.DRAINING))
            if self._seen != BEGINNING and self._seen.epoch != self._topic.position.epoch:
                return await self._snapshot(SnapshotReason.NEW_EPOCH)
            if asyncio.get_running_loop().time() < self._rests_until:
                return None
            if not self._topic.covers(self._seen.revision):
                return await self._snapshot(self._topic.reset_reason)
            before = self._seen
            news = await self.view.news(self._topic, before)
            if news:
                self._seen = news.position
                if news.changes:
                    return self._shared((before, news.whole), news.position, Changes(news.changes))
            if not news or asyncio.get_running_loop().time() >= until:
                return None
            await asyncio.sleep(0)  # others' changes may be many, and nobody is to wait for them

    async def next(self) -> WatchMessage:
        """Wait for the next message: news, or after a quiet time that there are none.

        Raises:
            StoreUnavailable: It can't be known for a long time whether there are news.
        """
        loop = asyncio.get_running_loop()
        spread = 1 + JITTER * (2 * self._randomness() - 1)
        quiet_until = loop.time() + PROGRESS_S * spread
        while True:
            version = self._topic.version
            if message := await self.news(quiet_until):
                return message
            with contextlib.suppress(TimeoutError):
                if loop.time() < self._rests_until:
                    async with asyncio.timeout_at(min(quiet_until, self._rests_until)):
                        await self._draining.wait()
                else:
                    async with asyncio.timeout_at(quiet_until):
                        await self._topic.changed(version)
            if loop.time() >= quiet_until:
                await self._topic.until_live()
                return self.progress()

    def progress(self) -> WatchMessage:
        """Return the message that nothing is left to tell."""
        return self._message(self._seen, Progress())

    def apply_min_interval(self, message: WatchMessage) -> None:
        """Leave the watcher alone after a message for as long as it wants to be."""
        if self._request.scope is WatchScope.TOP and isinstance(message.event, Changes):
            interval_s = self._request.min_interval_s
            self._rests_until = asyncio.get_running_loop().time() + interval_s

    async def _snapshot(self, reason: SnapshotReason) -> WatchMessage:
        acked = self._topic.acked_position
        for attempt in range(ATTEMPTS):
            version = self._topic.version
            # A state that proved to be of no use is read again, also by others.
            key = self.view.kind(), attempt, version, self._store.latest(self._request.contest_id)
            page = await self._topic.read_once(key, self.view.state)
            now = self._topic.position
            if page.position.epoch == now.epoch and (
                acked.epoch != now.epoch or page.position.reaches(acked)
            ):
                break
            # A new epoch that only one of the two has heard of yet, or others' commits before an
            # own one that is acknowledged already.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEHIND_S):
                    await self._topic.changed(version)
        else:
            raise StoreUnavailable
        self.view.begin(page)
        self._seen = page.position
        snapshot = Snapshot(page.users, page.total_users, reason)
        return self._shared(reason, page.position, snapshot)

    def _shared(self, key: object, position: Position, event: Snapshot | Changes) -> WatchMessage:
        """Return the one message for all watchers who are told the same after the same."""
        key = self.view.kind(), self.last_sent.revision, position, key
        message = self._topic.messages.get(key)
        if not message:
            message = self._topic.messages[key] = WatchMessage(
                position, self.last_sent.revision, event
            )
        self.last_sent = position
        return message

    def _message(self, position: Position, event: Progress | End) -> WatchMessage:
        message = WatchMessage(position, self.last_sent.revision, event)
        self.last_sent = position
        return message

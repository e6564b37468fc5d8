"""One watcher: from what it was told last to what it is told next."""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncGenerator, Callable

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
from leaderboard_server.watch.hub import Hub
from leaderboard_server.watch.topic import Topic
from leaderboard_server.watch.views import BoardReader, view_of

PROGRESS_S = 15.0
"""After how long without news a watcher is told that it has everything."""
JITTER = 0.2
"""By which share that time differs, so that many watchers are not all told in one moment."""
BEHIND_S = 1.0
"""How long to wait for the topic to hear of what the store has told already."""


class Watchers:
    """Serves watchers. Lives as long as the hub."""

    def __init__(
        self,
        hub: Hub,
        reader: BoardReader,
        store: Store,
        *,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        self._hub = hub
        self._reader = reader
        self._store = store
        self._randomness = randomness

    async def watch(self, request: WatchRequest) -> AsyncGenerator[WatchMessage, None]:
        """Yield what a watcher is told, each message after the one before was taken.

        Raises:
            ServerDraining: The server drains and takes no new watchers.

            StoreUnavailable: The store is away when what is to be told has to be read.
        """
        async with self._hub.join(request.contest_id) as topic:
            watcher = _Watcher(request, topic, self._hub.draining, self._reader, self._store)
            # A resume with nothing to tell is told so, or its watcher could not know that it holds.
            message: WatchMessage | None
            message = await watcher.start() or await watcher.news() or watcher.progress()
            quiet_until = self._quiet_until()
            while True:
                if message:
                    yield message
                    if isinstance(message.event, End):
                        return
                    quiet_until = self._quiet_until()
                    if isinstance(message.event, Changes):
                        await watcher.pause()
                version = topic.version
                message = await watcher.news()
                if not message:
                    try:
                        async with asyncio.timeout_at(quiet_until):
                            await topic.changed(version)
                    except TimeoutError:
                        message = watcher.progress()

    def _quiet_until(self) -> float:
        spread = 1 + JITTER * (2 * self._randomness() - 1)
        return asyncio.get_running_loop().time() + PROGRESS_S * spread


class _Watcher:
    """Where one watcher is, and what comes next for it."""

    def __init__(
        self,
        request: WatchRequest,
        topic: Topic,
        draining: asyncio.Event,
        reader: BoardReader,
        store: Store,
    ) -> None:
        self._request = request
        self._topic = topic
        self._draining = draining
        self._store = store
        self._view = view_of(request, reader, store)
        self._told = BEGINNING
        """The position of the last message."""
        self._seen = BEGINNING
        """The position up to which nothing was left to tell."""

    async def start(self) -> WatchMessage | None:
        """Return the first message, or None where the watcher resumes without one."""
        after = self._request.resume_after
        if after is None:
            return await self._snapshot(SnapshotReason.INITIAL)
        now = self._topic.position
        if after != BEGINNING and after.epoch != now.epoch:
            # The watcher may have heard of a new epoch before this server did.
            present = await self._present(after.epoch)
            if after.epoch != present.epoch or not await self._heard_of(present.epoch):
                return await self._snapshot(SnapshotReason.NEW_EPOCH)
            now = self._topic.position
        if after.revision > now.revision:
            # The watcher may have heard of more before this server did.
            now = await self._present(after)
        if after.revision > now.revision:
            return await self._snapshot(SnapshotReason.AHEAD)
        if self._topic.since(after.revision) is None:
            await self._topic.reach_back(self._store, after.revision)
            if self._topic.since(after.revision) is None:
                return await self._snapshot(SnapshotReason.HISTORY_TRIMMED)
        self._told = self._seen = after
        return None

    async def news(self) -> WatchMessage | None:
        """Return the next message, or None while there is nothing to tell."""
        if self._draining.is_set():
            return self._message(self._seen, End(EndReason.DRAINING))
        if self._seen != BEGINNING and self._seen.epoch != self._topic.position.epoch:
            return await self._snapshot(SnapshotReason.NEW_EPOCH)
        while commits := self._topic.since(self._seen.revision):
            before = self._seen
            news = await self._view.news(self._topic, before, commits)
            if not news:
                return None
            self._seen = news.position
            if news.changes:
                return self._shared((before, news.position), news.position, Changes(news.changes))
        return None if commits is not None else await self._snapshot(self._topic.begins_by)

    def progress(self) -> WatchMessage:
        """Return the message that nothing is left to tell."""
        return self._message(self._seen, Progress())

    async def pause(self) -> None:
        """Wait for as long as the watcher wants to be left alone, or until it is to end."""
        if self._request.min_interval_s and self._request.scope is WatchScope.TOP:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._request.min_interval_s):
                    await self._draining.wait()

    async def _present(self, unheard: object) -> Position:
        """Read where the contest is, once for all who come with the same of which nothing is heard.

        Whether it is over or still to be heard of does not change, so that holds for all of them.
        """
        return await self._topic.read_once(
            unheard, lambda: self._store.position(self._request.contest_id)
        )

    async def _heard_of(self, epoch: str) -> bool:
        """Have the topic come to an epoch that the store is in; say whether it did in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEHIND_S):
                while self._topic.position.epoch != epoch:
                    version = self._topic.version
                    self._topic.catch_up()
                    await self._topic.changed(version)
        return self._topic.position.epoch == epoch

    async def _snapshot(self, reason: SnapshotReason) -> WatchMessage:
        for attempt in itertools.count():
            version = self._topic.version
            # A state that proved to be of no use is read again, also by others.
            page = await self._topic.read_state((self._view.kind(), attempt), self._view.state)
            if page.position.epoch == self._topic.position.epoch:
                break
            # A new epoch that only one of the two has heard of yet.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEHIND_S):
                    await self._topic.changed(version)
        self._view.begin(page)
        self._seen = page.position
        snapshot = Snapshot(page.users, page.total_users, reason)
        return self._shared(reason, page.position, snapshot)

    def _shared(self, key: object, position: Position, event: Snapshot | Changes) -> WatchMessage:
        """Return the one message for all watchers who are told the same after the same."""
        key = self._view.kind(), self._told.revision, position, key
        message = self._topic.shared.get(key)
        if not isinstance(message, WatchMessage):
            message = self._topic.shared[key] = WatchMessage(position, self._told.revision, event)
        self._told = position
        return message

    def _message(self, position: Position, event: Progress | End) -> WatchMessage:
        message = WatchMessage(position, self._told.revision, event)
        self._told = position
        return message

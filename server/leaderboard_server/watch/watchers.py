"""Serves watchers: each goes its own way until it keeps up, and then shares a broadcast."""

import random
from collections.abc import Callable

from leaderboard_server.domain.watch import End, WatchMessage, WatchRequest
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.broadcast_group import BroadcastGroups
from leaderboard_server.watch.hub import WatchHub
from leaderboard_server.watch.recent_commits import RecentCommits
from leaderboard_server.watch.sink import GroupPublisher, WatchSink
from leaderboard_server.watch.views import BoardReader
from leaderboard_server.watch.watcher import Watcher


class Watchers:
    """Serves watchers. Lives as long as the hub."""

    def __init__(
        self,
        hub: WatchHub,
        reader: BoardReader,
        store: Store,
        publisher: GroupPublisher,
        *,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        self._hub = hub
        self._reader = reader
        self._store = store
        self._randomness = randomness
        self._broadcasts = BroadcastGroups(publisher)

    async def watch(self, request: WatchRequest, sink: WatchSink) -> None:
        """Tell a watcher what it asks for, until the server drains.

        Raises:
            ServerDraining: The server drains and takes no new watchers.

            StoreUnavailable: The store is away when what is to be told has to be read.

            WatcherStalled: The watcher took nothing for the write timeout.
        """
        async with self._hub.join(request.contest_id) as topic:
            watcher = Watcher(
                request,
                topic,
                self._hub.draining,
                self._reader,
                self._store,
                randomness=self._randomness,
            )
            # A resume with nothing to tell is told so, or its watcher could not know that it holds.
            message = await watcher.start() or await watcher.news() or watcher.progress()
            with self._broadcasts.registered(topic, watcher):
                while not isinstance(message.event, End):
                    await sink.send(message)
                    watcher.apply_min_interval(message)
                    message = await self._next(topic, watcher, sink)
            await sink.send(message)

    async def _next(self, topic: RecentCommits, watcher: Watcher, sink: WatchSink) -> WatchMessage:
        """Return what a watcher is to be told by itself, after what broadcasts told it."""
        while not (message := await watcher.news()):
            broadcast = self._broadcasts.of(topic, watcher)
            if not broadcast:
                return await watcher.next()
            await broadcast.deliver(watcher, sink)
        return message

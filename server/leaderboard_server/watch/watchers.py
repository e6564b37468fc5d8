"""Serves watchers: each goes its own way until it keeps up, and then shares a broadcast."""

import random
from collections.abc import Callable

from leaderboard_server.domain.watch import End, WatchMessage, WatchRequest
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.broadcast_group import Broadcasts
from leaderboard_server.watch.hub import Hub
from leaderboard_server.watch.recent_commits import Topic
from leaderboard_server.watch.sink import Outlet
from leaderboard_server.watch.views import BoardReader
from leaderboard_server.watch.watcher import Watcher


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
        self._broadcasts = Broadcasts()

    async def watch(self, request: WatchRequest, outlet: Outlet) -> None:
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
            with self._broadcasts.among(topic, watcher):
                while not isinstance(message.event, End):
                    await outlet.send(message)
                    watcher.rest(message)
                    message = await self._next(topic, watcher, outlet)
            await outlet.send(message)

    async def _next(self, topic: Topic, watcher: Watcher, outlet: Outlet) -> WatchMessage:
        """Return what a watcher is to be told by itself, after what broadcasts told it."""
        while not (message := await watcher.news()):
            broadcast = self._broadcasts.of(topic, watcher, outlet)
            if not broadcast:
                return await watcher.next()
            await broadcast.carry(watcher, outlet)
        return message

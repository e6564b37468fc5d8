"""Serves watchers: each by itself until it keeps up, and then in a broadcast group."""

import random
from collections.abc import Callable

from leaderboard_server.domain.watch import End, WatchMessage, WatchRequest
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.group_registry import GroupRegistry
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
        self._groups = GroupRegistry(publisher)

    async def watch(self, request: WatchRequest, sink: WatchSink) -> None:
        """Send a watcher the messages of its request, until the server drains.

        Raises:
            ServerDraining: The server drains and accepts no new watchers.

            StoreUnavailable: The store is down, and a message can't be made without it.

            WatcherStalled: The watcher accepted nothing for the write timeout.
        """
        async with self._hub.join(request.contest_id) as recent:
            watcher = Watcher(
                request,
                recent,
                self._hub.draining,
                self._reader,
                self._store,
                randomness=self._randomness,
            )
            # Without a first message a client could not know that its resume succeeded.
            message = await watcher.start() or await watcher.poll() or watcher.progress()
            with self._groups.registered(recent, watcher):
                while not isinstance(message.event, End):
                    await sink.send(message)
                    watcher.apply_min_interval(message)
                    del message  # its rows would be kept until the next one, which may take long
                    message = await self._next(recent, watcher, sink)
            await sink.send(message)

    async def _next(self, recent: RecentCommits, watcher: Watcher, sink: WatchSink) -> WatchMessage:
        """Return the next message that a watcher gets by itself, after those of its groups."""
        while not (message := await watcher.poll()):
            group = self._groups.find(recent, watcher)
            if not group:
                return await watcher.next()
            await group.deliver(watcher, sink)
        return message

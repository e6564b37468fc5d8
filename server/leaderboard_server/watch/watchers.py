"""Serves watchers: each by itself until it keeps up, and then in a broadcast group."""

import random
from collections import Counter
from collections.abc import Callable

from leaderboard_server.domain.errors import WatcherStalled
from leaderboard_server.domain.watch import End, Snapshot, WatchMessage, WatchRequest, WatchScope
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.group_registry import GroupRegistry
from leaderboard_server.watch.hub import WatchHub
from leaderboard_server.watch.instruments import WatchInstruments
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
        instruments: WatchInstruments,
        *,
        randomness: Callable[[], float] = random.random,
    ) -> None:
        self._hub = hub
        self._reader = reader
        self._store = store
        self._randomness = randomness
        self._instruments = instruments
        self._groups = GroupRegistry(publisher, instruments)
        self.open: Counter[WatchScope] = Counter()
        """The number of open watches by scope."""

    async def watch(self, request: WatchRequest, sink: WatchSink) -> None:
        """Send a watcher the messages of its request, until the server drains.

        Raises:
            ServerDraining: The server drains and accepts no new watchers.

            StoreUnavailable: The store is down, and a message can't be made without it.

            WatcherStalled: The watcher accepted nothing for the write timeout.
        """
        self.open[request.scope] += 1
        try:
            async with self._hub.join(request.contest_id) as recent:
                await self._serve(request, recent, sink)
        except WatcherStalled:
            self._instruments.stalled.add()
            raise
        finally:
            self.open[request.scope] -= 1

    async def _serve(self, request: WatchRequest, recent: RecentCommits, sink: WatchSink) -> None:
        watcher = Watcher(
            request,
            recent,
            self._hub.draining,
            self._reader,
            self._store,
            randomness=self._randomness,
        )
        # Without a first message a client could not know that its resume succeeded.
        message = await self._start(request, watcher) or await watcher.poll() or watcher.progress()
        with self._groups.registered(recent, watcher):
            while not isinstance(message.event, End):
                await sink.send(message)
                if isinstance(message.event, Snapshot):
                    self._instruments.snapshots[message.event.reason].add()
                watcher.apply_min_interval(message)
                del message  # its rows would be kept until the next one, which may take long
                message = await self._next(recent, watcher, sink)
        await sink.send(message)

    async def _start(self, request: WatchRequest, watcher: Watcher) -> WatchMessage | None:
        message = await watcher.start()
        if request.resume_after is not None:
            (self._instruments.not_resumed if message else self._instruments.resumed).add()
        return message

    async def _next(self, recent: RecentCommits, watcher: Watcher, sink: WatchSink) -> WatchMessage:
        """Return the next message that a watcher gets by itself, after those of its groups."""
        while not (message := await watcher.poll()):
            group = self._groups.find(recent, watcher)
            if not group:
                return await watcher.next()
            await group.deliver(watcher, sink)
        return message

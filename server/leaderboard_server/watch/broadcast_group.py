"""Watchers of one kind who stand at one position share a broadcast.

What they are told next is the same, so it is worked out, encoded and handed over once. One who
can't keep up falls out of it and goes on by itself until it stands where the broadcast does.
"""

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Iterator

from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import Changes, Progress
from leaderboard_server.watch.recent_commits import RecentCommits
from leaderboard_server.watch.sink import GroupPublisher, WatchSink
from leaderboard_server.watch.watcher import Watcher

_ENOUGH = 2
"""From how many watchers of a kind on a broadcast is worth its task."""
_numbers = itertools.count(1)


class BroadcastGroup:
    """Tells all who follow it what a watcher is told. Open from `start` to `end`."""

    def __init__(self, watcher: Watcher, publisher: GroupPublisher) -> None:
        self._watcher = watcher.clone()
        self._told = watcher.last_sent
        self._publisher = publisher
        self._name = str(next(_numbers))
        self._failure: Exception | None = None
        self._task = asyncio.create_task(self._run(), name="broadcast")

    @property
    def open(self) -> bool:
        """Whether more may be told."""
        return not self._task.done()

    def at_same_state(self, watcher: Watcher) -> bool:
        """Tell whether a watcher was told the same so far."""
        return (
            self.open and self._told == watcher.last_sent and self._watcher.at_same_state(watcher)
        )

    async def deliver(self, watcher: Watcher, sink: WatchSink) -> None:
        """Tell a watcher who stands with the broadcast, for as long as it keeps up.

        Raises:
            StoreUnavailable: It can't be known for a long time whether there are news.

            WatcherStalled: The watcher took nothing for the write timeout.
        """
        revision = await sink.follow(self._name, watcher.last_sent.revision)
        if self._failure:
            raise self._failure
        watcher.adopt(self._watcher, Position(self._told.epoch, revision))

    def end(self) -> None:
        """Let all go who follow."""
        self._task.cancel()

    async def _run(self) -> None:
        try:
            while True:
                message = await self._watcher.next()
                if not isinstance(message.event, Changes | Progress):
                    return  # what is not told to all alike, each is told on its own way
                self._told = message.position
                self._publisher.publish(self._name, message)
                self._watcher.apply_min_interval(message)
        except Exception as error:  # noqa: BLE001 - each who followed raises it, whatever it is
            self._failure = error
        finally:
            self._publisher.close_group(self._name)


class BroadcastGroups:
    """The broadcasts of all topics."""

    def __init__(self, publisher: GroupPublisher) -> None:
        self._publisher = publisher
        self._open: dict[object, BroadcastGroup] = {}
        self._watchers: Counter[object] = Counter()

    @contextlib.contextmanager
    def registered(self, topic: RecentCommits, watcher: Watcher) -> Iterator[None]:
        """Count a watcher for as long as it watches; the last one of a kind ends the broadcast."""
        key = topic, watcher.kind
        self._watchers[key] += 1
        try:
            yield
        finally:
            self._watchers[key] -= 1
            if not self._watchers[key]:
                del self._watchers[key]
                if broadcast := self._open.pop(key, None):
                    broadcast.end()

    def of(self, topic: RecentCommits, watcher: Watcher) -> BroadcastGroup | None:
        """Return the broadcast that tells what a watcher is to be told next, if there is one."""
        key = topic, watcher.kind
        if self._watchers[key] < _ENOUGH:
            return None
        broadcast = self._open.get(key)
        if not broadcast or not broadcast.open:
            broadcast = self._open[key] = BroadcastGroup(watcher, self._publisher)
        return broadcast if broadcast.at_same_state(watcher) else None

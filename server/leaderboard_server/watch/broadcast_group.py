"""Broadcast groups: watchers at the same state share their messages.

Their next message is the same, so it is made, encoded and published once. A watcher that can't keep
up is evicted, and goes on by itself until it is at the state of the group again.
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

MIN_WATCHERS = 2
"""The least number of watchers with the same key for which a group is worth its task."""
_numbers = itertools.count(1)


class BroadcastGroup:
    """Publishes the messages of one kind of watcher. Open until it is closed or its task ends."""

    def __init__(self, watcher: Watcher, publisher: GroupPublisher) -> None:
        """Start at the state of `watcher`."""
        self._watcher = watcher.clone()
        self._last_sent = watcher.last_sent
        self._publisher = publisher
        self._name = str(next(_numbers))
        self._error: Exception | None = None
        self._task = asyncio.create_task(self._run(), name="broadcast-group")

    @property
    def open(self) -> bool:
        """Whether more messages may be published."""
        return not self._task.done()

    def at_same_state(self, watcher: Watcher) -> bool:
        """Return whether a watcher can follow the group."""
        return (
            self.open
            and self._last_sent == watcher.last_sent
            and self._watcher.at_same_state(watcher)
        )

    async def deliver(self, watcher: Watcher, sink: WatchSink) -> None:
        """Deliver the messages of the group to a watcher at the same state, while it keeps up.

        Raises:
            StoreUnavailable: The log follower is not live, so progress can't be claimed.

            WatcherStalled: The watcher accepted nothing for the write timeout.
        """
        revision = await sink.follow(self._name, watcher.last_sent.revision)
        if self._error:
            raise self._error
        watcher.adopt(self._watcher, Position(self._last_sent.epoch, revision))

    def close(self) -> None:
        """Evict all followers."""
        self._task.cancel()

    async def _run(self) -> None:
        try:
            while True:
                message = await self._watcher.next()
                if not isinstance(message.event, Changes | Progress):
                    return  # each watcher gets snapshots and ends by itself
                self._last_sent = message.position
                self._publisher.publish(self._name, message)
                self._watcher.apply_min_interval(message)
        except Exception as error:  # noqa: BLE001 - every follower raises it
            self._error = error
        finally:
            self._publisher.close_group(self._name)


class GroupRegistry:
    """The broadcast groups of all contests."""

    def __init__(self, publisher: GroupPublisher) -> None:
        self._publisher = publisher
        self._groups: dict[object, BroadcastGroup] = {}
        self._watchers: Counter[object] = Counter()

    @contextlib.contextmanager
    def registered(self, recent: RecentCommits, watcher: Watcher) -> Iterator[None]:
        """Count a watcher while it watches; the last one with its key closes the group."""
        key = recent, watcher.key
        self._watchers[key] += 1
        try:
            yield
        finally:
            self._watchers[key] -= 1
            if not self._watchers[key]:
                del self._watchers[key]
                if group := self._groups.pop(key, None):
                    group.close()

    def find(self, recent: RecentCommits, watcher: Watcher) -> BroadcastGroup | None:
        """Return the group whose next message is also that of a watcher, if there is one."""
        key = recent, watcher.key
        if self._watchers[key] < MIN_WATCHERS:
            return None
        group = self._groups.get(key)
        if not group or not group.open:
            group = self._groups[key] = BroadcastGroup(watcher, self._publisher)
        return group if group.at_same_state(watcher) else None

"""The broadcast groups of all contests, from the second watcher of a kind to the last one."""

import contextlib
from collections import Counter
from collections.abc import Iterator

from leaderboard_server.watch.broadcast_group import Broadcaster, BroadcastGroup
from leaderboard_server.watch.instruments import WatchInstruments
from leaderboard_server.watch.recent_commits import RecentCommits
from leaderboard_server.watch.sink import GroupPublisher
from leaderboard_server.watch.watcher import Watcher

MIN_WATCHERS = 2
"""The least number of watchers of one scope and pace for which a broadcaster is worth its task."""


class GroupRegistry:
    """Finds the broadcast groups of watchers."""

    def __init__(self, publisher: GroupPublisher, instruments: WatchInstruments) -> None:
        """Publish by `publisher`, and count by `instruments`."""
        self._publisher = publisher
        self._lagged = instruments.lagged
        self._broadcasters: dict[object, Broadcaster] = {}
        self._watchers: Counter[object] = Counter()
        """The number of watchers for each broadcaster, and for each group."""

    @contextlib.contextmanager
    def registered(self, recent: RecentCommits, watcher: Watcher) -> Iterator[None]:
        """Count a watcher while it watches; the last one of a group or broadcaster closes it."""
        key, view = _broadcaster_key(recent, watcher), watcher.view
        keys = key, (key, view.key)
        self._watchers.update(keys)
        with recent.shared.deep(view.depth):
            try:
                yield
            finally:
                self._watchers.subtract(keys)
                if not self._watchers[key]:
                    if broadcaster := self._broadcasters.pop(key, None):
                        broadcaster.close()
                elif not self._watchers[keys[1]] and key in self._broadcasters:
                    self._broadcasters[key].remove(view)
                for each in keys:
                    if not self._watchers[each]:
                        del self._watchers[each]

    def find(self, recent: RecentCommits, watcher: Watcher) -> BroadcastGroup | None:
        """Return the group whose next message is also that of a watcher, if there is one.

        If there is none the watcher pauses no less long than those in groups do, so that its next
        message is due with theirs.
        """
        key = _broadcaster_key(recent, watcher)
        if self._watchers[key] < MIN_WATCHERS:
            return None
        broadcaster = self._broadcasters.get(key)
        if not broadcaster or not broadcaster.open:
            broadcaster = Broadcaster(watcher, recent, self._publisher, self._lagged)
            self._broadcasters[key] = broadcaster
        group = broadcaster.join(watcher)
        if not group:
            pauses = watcher.reader.paused_until, broadcaster.reader.paused_until
            watcher.reader.paused_until = max(pauses)
        return group


def _broadcaster_key(recent: RecentCommits, watcher: Watcher) -> object:
    return recent, watcher.view.scope, watcher.pace_s

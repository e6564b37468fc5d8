"""Broadcast groups: watchers with the same view at the same state share their messages.

Their next message is the same, so it is made, encoded and published once. A watcher that can't keep
up is evicted, and goes on by itself until it is at the state of the group again.

The groups of one contest, scope and pace have one `Broadcaster`: it reads each delta once, and
publishes to each group its part. Groups whose parts are equal share the message too.
"""

import asyncio
import itertools
import time

import structlog

from leaderboard_server.domain.change import ScoreChange
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import Changes, Progress, WatchMessage
from leaderboard_server.metrics.instruments import Counter
from leaderboard_server.watch.recent_commits import RecentCommits
from leaderboard_server.watch.sink import GroupPublisher, WatchSink
from leaderboard_server.watch.views import Delta, View
from leaderboard_server.watch.watcher import Watcher

_log = structlog.get_logger()

PROGRESS_TURNS = 30
"""How often the groups are looked through for those that need progress, in the time after which
one needs it."""
PUBLISHED_AT_ONCE = 2_000
"""Changes in the messages of one delta after which other tasks get a turn: about 20 ms."""
TURNS_EACH_S = 10_000
"""Turns of the event loop that other tasks get for each second of CPU that a delta took."""
MAX_TURNS_S = 0.5
"""The longest time for these turns: in each one other tasks may take ten times as long."""
_numbers = itertools.count(1)


class BroadcastGroup:
    """Watchers with the same view that are sent the same messages."""

    def __init__(self, broadcaster: "Broadcaster", watcher: Watcher) -> None:
        """Start at the state of `watcher`."""
        self.name = str(next(_numbers))
        self.view = watcher.view
        self.last_sent = watcher.last_sent
        self.quiet_until = 0.0
        """The loop's time at which the group gets progress, if it gets no other message."""
        self.behind = False
        """Whether its part of the latest delta is still to be published."""
        self._broadcaster = broadcaster

    async def deliver(self, watcher: Watcher, sink: WatchSink) -> None:
        """Deliver the messages of the group to a watcher at the same state, while it keeps up.

        Raises:
            StoreUnavailable: The log follower is not live, so progress can't be claimed.

            WatcherStalled: The watcher accepted nothing for the write timeout.
        """
        watcher.view.reset(None)  # meanwhile its rows would only take memory
        revision = await sink.follow(self.name, watcher.last_sent.revision)
        if self._broadcaster.error:
            raise self._broadcaster.error
        if revision != self.last_sent.revision:
            self._broadcaster.lagged.add()
            _log.debug(
                "watcher_lagged",
                contest_id=self._broadcaster.contest_id,
                group=self.name,
                revision=revision,
                group_revision=self.last_sent.revision,
            )
        last_sent = Position(self.last_sent.epoch, revision)
        latest = last_sent == self.last_sent and not self.behind
        watcher.adopt(self._broadcaster.reader, last_sent, latest=latest)


class Broadcaster:
    """Publishes to the groups of one scope and pace. Open until it is closed or its task ends."""

    def __init__(
        self,
        watcher: Watcher,
        recent: RecentCommits,
        publisher: GroupPublisher,
        lagged: Counter,
    ) -> None:
        """Start at the state of `watcher`, with no groups; count evictions by `lagged`."""
        self.contest_id = recent.follower.contest_id
        self.lagged = lagged
        self.reader = watcher.reader.clone()
        self.error: Exception | None = None
        """The error that ended it, which every follower raises."""
        self._pace_s = watcher.pace_s
        self._new_quiet_time = watcher.quiet_time
        self._recent = recent
        self._publisher = publisher
        self._groups: dict[object, BroadcastGroup] = {}
        self._groups_of_user: dict[str, set[BroadcastGroup]] = {}
        """The groups by each user that they watch, with the scope USERS."""
        self._progress_at = self._new_quiet_time()
        self._task = asyncio.create_task(self._run(), name="broadcaster")

    @property
    def open(self) -> bool:
        """Whether more messages may be published."""
        return not self._task.done()

    def join(self, watcher: Watcher) -> BroadcastGroup | None:
        """Return the group whose next message is also that of a watcher, if there is one."""
        if watcher.view.rows_known != self.reader.view.rows_known:
            return None
        group = self._groups.get(watcher.view.key)
        if group:
            return group if group.last_sent == watcher.last_sent else None
        if watcher.reader.position != self.reader.position:
            return None
        if watcher.view.depth > self.reader.view.depth:
            self.reader.view = watcher.reader.clone().view
        group = self._groups[watcher.view.key] = BroadcastGroup(self, watcher)
        self._expect_progress(group)
        for user_id in group.view.user_ids:
            self._groups_of_user.setdefault(user_id, set()).add(group)
        return group

    def remove(self, view: View) -> None:
        """Close the group of a view, if there is one: it has no more watchers."""
        group = self._groups.pop(view.key, None)
        if not group:
            return
        group.behind = False
        self._publisher.close_group(group.name)
        if view.depth and view.depth == self.reader.view.depth:
            depths = (each.view.depth for each in self._groups.values())
            self.reader.view.depth = max(depths, default=0)
        for user_id in group.view.user_ids:
            groups = self._groups_of_user[user_id]
            groups.discard(group)
            if not groups:
                del self._groups_of_user[user_id]

    def close(self) -> None:
        """Evict all followers."""
        self._task.cancel()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                version = self._recent.version
                delta = await self.reader.poll()
                if isinstance(delta, Delta):
                    began = time.thread_time()
                    await self._publish_changes(delta)
                    await _give_turns(began)
                elif delta is None:
                    await self.reader.wait(version, self._progress_at)
                else:
                    return  # each watcher gets snapshots and ends by itself
                if loop.time() >= self._progress_at:
                    await self._recent.follower.until_live()
                    self._publish_progress()
        except Exception as error:  # noqa: BLE001 - every follower raises it
            self.error = error
        finally:
            _log.debug(
                "groups_closed",
                contest_id=self.contest_id,
                groups=len(self._groups),
                error=self.error and repr(self.error),
            )
            for group in self._groups.values():
                self._publisher.close_group(group.name)

    async def _publish_changes(self, delta: Delta) -> None:
        messages: dict[object, WatchMessage] = {}
        size, parts = 0, self._parts(delta)
        for group in parts:
            group.behind = True
        for group, part in parts.items():
            if size >= PUBLISHED_AT_ONCE:
                size = 0
                messages.clear()
                await asyncio.sleep(0)
            if not group.behind:
                continue  # it was closed meanwhile
            if changes := group.view.changes(delta) if part is None else tuple(part):
                # The parts of most groups are one object, which identifies them.
                key = group.last_sent.revision, id(changes)
                if key not in messages:
                    event = Changes(changes, delta.total_users)
                    messages[key] = WatchMessage(delta.position, group.last_sent.revision, event)
                    size += len(changes)
                self._publish(group, messages[key])
                if self._pace_s:
                    self.reader.paused_until = asyncio.get_running_loop().time() + self._pace_s
            group.behind = False

    def _parts(self, delta: Delta) -> dict[BroadcastGroup, list[ScoreChange] | None]:
        """Return the groups that may show a delta, with their parts; None for one to be cut."""
        if not self._groups_of_user:
            return dict.fromkeys(self._groups.values())
        assert isinstance(delta.content, tuple)
        found: dict[BroadcastGroup, list[ScoreChange] | None] = {}
        for change in delta.content:
            for group in self._groups_of_user.get(change.user.user_id, ()):
                part = found[group] = found.get(group) or []
                part.append(change)
        return found

    def _publish_progress(self) -> None:
        now = asyncio.get_running_loop().time()
        messages: dict[int, WatchMessage] = {}
        self._progress_at = quiet_until = self._new_quiet_time()
        soon = now + (quiet_until - now) / PROGRESS_TURNS
        for group in self._groups.values():
            if group.quiet_until <= soon:
                last = group.last_sent.revision
                if last not in messages:
                    messages[last] = WatchMessage(self.reader.position, last, Progress())
                self._publish(group, messages[last])
            self._progress_at = min(self._progress_at, group.quiet_until)

    def _publish(self, group: BroadcastGroup, message: WatchMessage) -> None:
        group.last_sent = message.position
        self._expect_progress(group)
        self._publisher.publish(group.name, message)

    def _expect_progress(self, group: BroadcastGroup) -> None:
        group.quiet_until = self._new_quiet_time()
        self._progress_at = min(self._progress_at, group.quiet_until)


async def _give_turns(began: float) -> None:
    """Give other tasks turns, the more the longer a delta took to publish.

    A call needs some ten turns of the loop until it has its answer, and grpcio accepts one call in
    five. If each turn had to send a delta to hundreds of watchers, a hundred calls a second would
    be left. What is committed meanwhile is merged into the next delta, which has to wait no longer
    than `MAX_TURNS_S` for other tasks.

    Args:
        began: The CPU time of this thread when it began.

    """
    ends = time.monotonic() + MAX_TURNS_S
    await asyncio.sleep(0)  # on grpcio the followers send now
    for _ in range(int((time.thread_time() - began) * TURNS_EACH_S)):
        if time.monotonic() >= ends:
            return
        await asyncio.sleep(0)

"""A watched contest without a store: a plain board, the commits received of it, and its watchers.

No operation here waits, so a test decides when a commit is received.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Collection
from typing import cast

from harness.node import MessagePublisher
from harness.plain_board import PlainBoard, Step
from harness.uncounted import watch_instruments
from harness.watching import WatchChecker
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_server.domain.board import Page, RankedUser
from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import SnapshotReason, WatchMessage, WatchRequest, WatchScope
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.replication.log_reader import Observer
from leaderboard_server.storage.store import History, Store
from leaderboard_server.transport import responses
from leaderboard_server.transport.broadcast_groups import BroadcastGroups
from leaderboard_server.watch.hub import WatchHub
from leaderboard_server.watch.recent_commits import RecentCommits
from leaderboard_server.watch.watcher import Watcher
from leaderboard_server.watch.watchers import Watchers

CONTEST = "contest"
_SCOPES = {
    WatchScope.TOP: pb.WATCH_SCOPE_TOP,
    WatchScope.ALL: pb.WATCH_SCOPE_ALL,
    WatchScope.USERS: pb.WATCH_SCOPE_USERS,
}


class FakeFollower:
    """The position of the commits received so far; see `LogFollower`."""

    contest_id = CONTEST

    def __init__(self) -> None:
        self.position = BEGINNING
        self.acked_position = BEGINNING
        self.live = True

    def add(self, observer: Observer) -> None:
        """Do nothing: the test calls observers back; see `LogFollower.add`."""

    def remove(self, observer: Observer) -> bool:
        """See `LogFollower.remove`."""
        return True

    def catch_up(self, _reason: str = "") -> None:
        """Receive nothing: the test decides when a commit is received."""

    async def until_live(self) -> None:
        """See `LogFollower.until_live`."""
        if not self.live:
            raise StoreUnavailable


class InMemoryContest:
    """
    A contest, its recent commits and its watchers.

    Serves as the watchers' board reader, store and hub, as far as they need these.

    Attributes:
        following: The number of watchers that follow each broadcast group.
        instruments: Count what the watchers are sent.
        position_reads: The number of reads of the position from the store.
        state_reads: The number of reads of the first ranks that waited.
        depths: The numbers of ranks that were read without waiting.
        window: True while the first ranks can be read without waiting.
    """

    def __init__(self, recent_changes: int = 10_000) -> None:
        self.board = PlainBoard()
        self.follower = FakeFollower()
        self.recent = RecentCommits(cast("Store", self), recent_changes)
        self.recent.attach(cast("LogFollower", self.follower))
        self.draining = asyncio.Event()
        self.instruments = watch_instruments()
        self.groups: BroadcastGroups[WatchMessage] = BroadcastGroups()
        self.watchers = Watchers(
            cast("WatchHub", self),
            self,
            cast("Store", self),
            MessagePublisher(self.groups),
            self.instruments,
            randomness=lambda: 0.5,
        )
        self.following: Counter[str] = Counter()
        self.position_reads = 0
        self.state_reads = 0
        self.window = True
        self.depths: list[int] = []
        self._received: list[RankedUser] = []
        self._log: list[Commit] = []

    def make(self, *steps: Step) -> Commit:
        """Make a commit in the store, which is not received yet."""
        commit = self.board.commit(list(steps), self.board.position.epoch or "one")
        self._log.append(commit)
        return commit

    def receive(self, commit: Commit) -> None:
        """Receive the latest commit that was made."""
        self._received = self.board.ranked()
        self.follower.position = commit.position
        self.recent.on_commit(commit)

    def commit(self, *steps: Step) -> Position:
        """Make a commit and receive it; return the position after it."""
        commit = self.make(*steps)
        self.receive(commit)
        return commit.position

    def lose_history(self, epoch: str, *steps: Step) -> None:
        """Lose the history in the store, and begin another one with a commit of `steps`."""
        self.board = PlainBoard()
        self.trim_log()
        if steps:
            self.board.commit(list(steps), epoch)
        self.board.position = Position(epoch, self.board.position.revision)

    def trim_log(self) -> None:
        """Remove all commits from the log in the store."""
        self._log.clear()

    def receive_new_history(self) -> None:
        """Restart at the current position of the store."""
        self._received = self.board.ranked()
        self.follower.position = self.board.position
        self.follower.acked_position = BEGINNING
        self.recent.on_restart(self.board.position, SnapshotReason.NEW_EPOCH)

    def watcher(self, **fields: object) -> Watcher:
        """Return a watcher with these fields in its request."""
        request = WatchRequest(CONTEST, **fields)  # type: ignore[arg-type]
        return Watcher(
            request, self.recent, self.draining, self, cast("Store", self), randomness=lambda: 0.5
        )

    @contextlib.asynccontextmanager
    async def join(self, _contest_id: str) -> AsyncIterator[RecentCommits]:
        """See `hub.WatchHub.join`."""
        yield self.recent

    def top_as_followed_now(self, _contest_id: str, count: int) -> Page | None:
        """See `views.BoardReader.top_as_followed_now`."""
        self.depths.append(count)
        if not self.window:
            return None
        return Page(tuple(self._received[:count]), len(self._received), self.follower.position)

    async def top_as_followed(self, _contest_id: str, count: int) -> Page:
        """See `views.BoardReader.top_as_followed`."""
        self.state_reads += 1
        await asyncio.sleep(0)
        return Page(tuple(self._received[:count]), len(self._received), self.follower.position)

    async def users(self, _contest_id: str, user_ids: Collection[str]) -> Page:
        """See `Store.users`."""
        await asyncio.sleep(0)
        ranked = self.board.ranked()
        users = tuple(user for user in ranked if user.user_id in user_ids)
        return Page(users, len(ranked), self.board.position)

    async def position(self, _contest_id: str) -> Position:
        """See `Store.position`."""
        self.position_reads += 1
        await asyncio.sleep(0)
        return self.board.position

    def latest(self, _contest_id: str) -> Position:
        """See `Store.latest`."""
        return self.follower.position

    async def earlier(self, _contest_id: str, up_to_revision: int, limit: int) -> History:
        """See `Store.earlier`."""
        await asyncio.sleep(0)
        commits = [commit for commit in self._log if commit.revision <= up_to_revision]
        return History(commits[-limit:], self.board.position, None)


class Viewer:
    """
    A watcher with its stream: it checks all messages, and can stop accepting them.

    Attributes:
        messages: The messages that it got.
        encoded: The bytes of each message.
        accepting: Set while it accepts messages.
    """

    def __init__(self, contest: InMemoryContest, **fields: object) -> None:
        self._request = WatchRequest(CONTEST, **fields)  # type: ignore[arg-type]
        self._contest = contest
        self.messages: list[WatchMessage] = []
        self.encoded: list[bytes] = []
        self.accepting = asyncio.Event()
        self.accepting.set()
        self.checker = WatchChecker(
            scope=_SCOPES[self._request.scope],
            limit=self._request.limit,
            user_ids=self._request.user_ids,
        )

    @property
    def limit(self) -> int:
        """The number of ranks that it watches."""
        return self._request.limit

    @property
    def position(self) -> Position:
        """The position of the last message."""
        return self.messages[-1].position if self.messages else BEGINNING

    @property
    def board(self) -> list[tuple[str, int]]:
        """The users and scores on its board."""
        return [(row.user_id, row.score) for row in self.checker.rows]

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[asyncio.Task[None]]:
        """Watch for a block; yields the task that serves the watcher."""
        after = self._request.resume_after
        self.checker.begin(after and pb.Position(epoch=after.epoch, revision=after.revision))
        task = asyncio.create_task(self._contest.watchers.watch(self._request, self))
        try:
            yield task
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, StoreUnavailable):
                await task

    async def send(self, message: WatchMessage) -> None:
        """See `watch.sink.WatchSink.send`."""
        await asyncio.sleep(0)  # a real stream accepts a message in another turn of the loop too
        await self.accepting.wait()
        self.messages.append(message)
        self.encoded.append(responses.watch_message(message))
        self.checker.feed(pb.WatchContestResponse.FromString(self.encoded[-1]))

    async def follow(self, group: str, revision: int) -> int:
        """See `watch.sink.WatchSink.follow`."""
        self._contest.following[group] += 1
        try:
            return await self._contest.groups.follow(group, revision, self.send)
        finally:
            self._contest.following[group] -= 1

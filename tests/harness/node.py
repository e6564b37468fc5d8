"""The parts of a server behind its listener, within the test's own process."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass

from harness.uncounted import (
    board_instruments,
    replication_instruments,
    store_instruments,
    watch_instruments,
)
from harness.waiting import eventually
from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.board.kept_seasons import KeptSeasons
from leaderboard_server.contests.deletion import Deletion
from leaderboard_server.contests.listing import ContestList
from leaderboard_server.contests.moderation import Moderation
from leaderboard_server.contests.settings import Settings
from leaderboard_server.domain.errors import LeaderboardError
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.domain.watch import WatchMessage, WatchRequest
from leaderboard_server.replication.feed import Feed, make_feed
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.backend import open_backend
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.transport.broadcast_groups import BroadcastGroups
from leaderboard_server.watch.hub import WatchHub
from leaderboard_server.watch.watchers import Watchers


class _OneByOneSink:
    """A stream that hands out one message at a time; see `watch.sink.WatchSink`."""

    def __init__(self, groups: BroadcastGroups[WatchMessage]) -> None:
        self._groups = groups
        self._message: asyncio.Future[WatchMessage] = asyncio.Future()
        self._taken = asyncio.Event()

    async def send(self, message: WatchMessage) -> None:
        self._taken.clear()
        self._message.set_result(message)
        await self._taken.wait()

    async def follow(self, group: str, revision: int) -> int:
        return await self._groups.follow(group, revision, self.send)

    async def take(self) -> WatchMessage:
        """Wait for the next message; the one after it is sent at the next call of `take`."""
        self._taken.set()
        message = await self._message
        self._message = asyncio.Future()
        return message


class MessagePublisher:
    """Publishes messages without encoding them; see `watch.sink.GroupPublisher`."""

    def __init__(self, groups: BroadcastGroups[WatchMessage]) -> None:
        self._groups = groups
        self.close_group = groups.close_group

    def publish(self, group: str, message: WatchMessage) -> None:
        """See `watch.sink.GroupPublisher`."""
        self._groups.publish(group, message, message.position.revision)


@dataclass
class Node:
    """The parts of one server."""

    store: Store
    feed: Feed
    followers: LogFollowers
    committer: Committer
    boards: Boards
    seasons: KeptSeasons
    hub: WatchHub
    watchers: Watchers
    settings: Settings
    contest_list: ContestList
    deletion: Deletion
    moderation: Moderation
    groups: BroadcastGroups[WatchMessage]

    async def watch(self, request: WatchRequest) -> AsyncGenerator[WatchMessage, None]:
        """Yield the messages of a watch one by one."""
        sink = _OneByOneSink(self.groups)
        watching = asyncio.ensure_future(self.watchers.watch(request, sink))
        taking = asyncio.ensure_future(sink.take())
        try:
            while True:
                await asyncio.wait((watching, taking), return_when=asyncio.FIRST_COMPLETED)
                if not taking.done():
                    await watching
                    return
                yield taking.result()
                taking = asyncio.ensure_future(sink.take())
        finally:
            taking.cancel()
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError, LeaderboardError):
                await watching

    async def add(self, contest_id: str, user_id: str, points: int = 1) -> UpdateResult:
        """Add points, as a client's call would."""
        update = ScoreUpdate(contest_id, user_id, points)
        (outcome,) = await self.committer.commit(contest_id, (update,))
        assert isinstance(outcome, UpdateResult)
        return outcome


@contextlib.asynccontextmanager
async def running_node(
    url: str, retention: Retention | None = None, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[Node]:
    """
    Run the parts of one server on a store until the block ends; its feed is connected.

    Kept seasons that it has read grow old by `clock`.
    """
    backend = open_backend(url)
    store = Store(
        backend.writes,
        backend.reads,
        retention or Retention(),
        store_instruments(),
        in_cluster=backend.in_cluster,
    )
    feed = make_feed(backend, replication_instruments())
    followers = LogFollowers(store, feed, replication_instruments())
    committer = Committer(store, followers.observe_own_commit, board_instruments())
    boards = Boards(store, followers, board_instruments())
    hub = WatchHub(followers, store, (retention or Retention()).history_changes)
    feed.start()
    followers.start()
    boards.start()
    try:
        groups: BroadcastGroups[WatchMessage] = BroadcastGroups()
        watchers = Watchers(hub, boards, store, MessagePublisher(groups), watch_instruments())
        await eventually(lambda: feed.connected, "the feed is up")
        settings = Settings(store.contests, followers)
        contest_list = ContestList(store.registry, store.contests)
        yield Node(
            store,
            feed,
            followers,
            committer,
            boards,
            KeptSeasons(store, clock),
            hub,
            watchers,
            settings,
            contest_list,
            Deletion(store.contests, followers),
            Moderation(store.moderation, store.seasons, contest_list, followers),
            groups,
        )
    finally:
        for part in (committer, boards, followers, feed, backend):
            await part.close()

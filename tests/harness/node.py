"""What one server process has behind its listener, within the test's own process."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from harness.waiting import eventually
from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.domain.errors import LeaderboardError
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.domain.watch import WatchMessage, WatchRequest
from leaderboard_server.replication.feed import Feed
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.pipelined_connection import PipelinedConnection
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.transport.broadcast_groups import Channels
from leaderboard_server.watch.hub import WatchHub
from leaderboard_server.watch.watchers import Watchers


class _Handover:
    """A stream whose messages are taken one by one; see `watch.sink.WatchSink`."""

    def __init__(self, channels: Channels[WatchMessage]) -> None:
        self._channels = channels
        self._message: asyncio.Future[WatchMessage] = asyncio.Future()
        self._taken = asyncio.Event()
        self.close = channels.close

    async def send(self, message: WatchMessage) -> None:
        self._taken.clear()
        self._message.set_result(message)
        await self._taken.wait()

    async def follow(self, channel: str, revision: int) -> int:
        return await self._channels.follow(channel, revision, self.send)

    def publish(self, channel: str, message: WatchMessage) -> None:
        self._channels.publish(channel, message, message.position.revision)

    async def take(self) -> WatchMessage:
        """Wait for the next message; the one after it is sent once this was asked for again."""
        self._taken.set()
        message = await self._message
        self._message = asyncio.Future()
        return message


@dataclass
class Node:
    """The parts of one server."""

    store: Store
    feed: Feed
    followers: LogFollowers
    committer: Committer
    boards: Boards
    hub: WatchHub
    watchers: Watchers
    channels: Channels[WatchMessage]

    async def watch(self, request: WatchRequest) -> AsyncGenerator[WatchMessage, None]:
        """Yield what a watcher is told, each message after the one before was taken."""
        outlet = _Handover(self.channels)
        watching = asyncio.ensure_future(self.watchers.watch(request, outlet))
        taking = asyncio.ensure_future(outlet.take())
        try:
            while True:
                await asyncio.wait((watching, taking), return_when=asyncio.FIRST_COMPLETED)
                if not taking.done():
                    await watching
                    return
                yield taking.result()
                taking = asyncio.ensure_future(outlet.take())
        finally:
            taking.cancel()
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError, LeaderboardError):
                await watching

    async def add(self, contest_id: str, user_id: str, points: int = 1) -> UpdateResult:
        """Add points, as a call of a client would."""
        update = ScoreUpdate(contest_id, user_id, points)
        (outcome,) = await self.committer.commit(contest_id, (update,), list)
        assert isinstance(outcome, UpdateResult)
        return outcome


@contextlib.asynccontextmanager
async def running_node(url: str, retention: Retention | None = None) -> AsyncIterator[Node]:
    """Run the parts of one server on a store, from when its feed is up."""
    driver = connect(url)
    writes, reads = PipelinedConnection(driver), PipelinedConnection(driver)
    store = Store(writes, reads, retention or Retention())
    feed = Feed(driver)
    followers = LogFollowers(store, feed)
    committer = Committer(store, announce=followers.observe_own_commit)
    boards = Boards(store, followers)
    hub = WatchHub(followers, (retention or Retention()).history_changes)
    feed.start()
    followers.start()
    boards.start()
    try:
        watchers = Watchers(hub, boards, store)
        await eventually(lambda: feed.linked, "the feed is up")
        yield Node(store, feed, followers, committer, boards, hub, watchers, Channels())
    finally:
        for part in (committer, boards, followers, feed, reads, writes):
            await part.close()
        await driver.aclose()

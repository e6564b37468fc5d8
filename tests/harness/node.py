"""What one server process has behind its listener, within the test's own process."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from leaderboard_server.board.boards import Boards
from leaderboard_server.board.committer import Committer
from leaderboard_server.domain.update import ScoreUpdate, UpdateResult
from leaderboard_server.storage.connection import connect
from leaderboard_server.storage.feed import Feed
from leaderboard_server.storage.store import Retention, Store
from leaderboard_server.storage.streams import Streams
from leaderboard_server.watch.hub import Hub
from leaderboard_server.watch.watcher import Watchers


@dataclass
class Node:
    """The parts of one server."""

    store: Store
    feed: Feed
    streams: Streams
    committer: Committer
    boards: Boards
    hub: Hub
    watchers: Watchers

    async def add(self, contest_id: str, user_id: str, points: int = 1) -> UpdateResult:
        """Add points, as a call of a client would."""
        update = ScoreUpdate(contest_id, user_id, points)
        (outcome,) = await self.committer.commit(contest_id, (update,))
        assert isinstance(outcome, UpdateResult)
        return outcome


@contextlib.asynccontextmanager
async def running_node(url: str, retention: Retention | None = None) -> AsyncIterator[Node]:
    """Run the parts of one server on a store."""
    writes, reads, notices = (connect(url) for _ in range(3))
    store = Store(writes, reads, retention or Retention())
    feed = Feed(notices)
    streams = Streams(store, feed)
    committer = Committer(store, announce=streams.offer)
    boards = Boards(store, streams)
    hub = Hub(streams, (retention or Retention()).history_changes)
    feed.start()
    streams.start()
    boards.start()
    try:
        yield Node(store, feed, streams, committer, boards, hub, Watchers(hub, boards, store))
    finally:
        for part in (committer, boards, streams, feed):
            await part.close()
        for driver in (writes, reads, notices):
            await driver.aclose()

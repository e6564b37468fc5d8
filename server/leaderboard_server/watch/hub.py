"""The topics of all watched contests: the first watcher opens one, the last one closes it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from leaderboard_server.domain.errors import ServerDraining
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.watch.recent_commits import RecentCommits


class _Place:
    """A topic, how it is opened, and how many watch it."""

    def __init__(self, contest_id: str, followers: LogFollowers, recent_changes: int) -> None:
        self.topic = RecentCommits(recent_changes)
        self.watchers = 0
        self._followers = followers
        self.opening = asyncio.create_task(self._open(contest_id), name="open-topic")

    async def _open(self, contest_id: str) -> LogFollower:
        stream = await self._followers.listen(contest_id, self.topic)
        self.topic.follow(stream)
        return stream

    def close(self) -> None:
        # Nothing here waits, since a watcher that goes away may be cancelled at any await.
        if not self.opening.done():
            self.opening.cancel()
        elif not self.opening.cancelled() and not self.opening.exception():
            self._followers.leave(self.opening.result(), self.topic)


class WatchHub:
    """Brings watchers and the streams of contests together. Lives as long as the streams."""

    def __init__(self, followers: LogFollowers, recent_changes: int) -> None:
        """Hold `recent_changes` of each watched contest in memory, about 0.5 kB each."""
        self._recent_changes = recent_changes
        self._followers = followers
        self._places: dict[str, _Place] = {}
        self.draining = asyncio.Event()
        """Set once watchers are to end."""

    def drain(self) -> None:
        """Let every watcher end; no new ones are taken."""
        self.draining.set()
        for place in self._places.values():
            place.topic.wake()

    @contextlib.asynccontextmanager
    async def join(self, contest_id: str) -> AsyncIterator[RecentCommits]:
        """Give a watcher the topic of a contest, with every commit from now on.

        Raises:
            ServerDraining: The hub drains.

            StoreUnavailable: The store is away.
        """
        if self.draining.is_set():
            raise ServerDraining
        place = self._places.get(contest_id)
        if not place:
            place = self._places[contest_id] = _Place(
                contest_id, self._followers, self._recent_changes
            )
        place.watchers += 1
        try:
            await asyncio.shield(place.opening)
            yield place.topic
        finally:
            place.watchers -= 1
            if not place.watchers:
                del self._places[contest_id]
                place.close()

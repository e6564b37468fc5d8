"""Recent commits of all watched contests, held from the first watcher of each to the last."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from leaderboard_server.domain.errors import ServerDraining
from leaderboard_server.replication.contest_reader import ContestReader
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.store import Store
from leaderboard_server.tasks import SingleFlight
from leaderboard_server.watch.contest_end import ContestEnd
from leaderboard_server.watch.recent_commits import RecentCommits


class _Entry:
    """The recent commits of one contest, and the number of its watchers."""

    def __init__(
        self,
        contest_id: str,
        recent: RecentCommits,
        followers: LogFollowers,
        contests: ContestReader,
    ) -> None:
        self.watchers = 0
        self.recent = recent
        self._end = ContestEnd(recent, contests)
        self._contest_id = contest_id
        self._followers = followers
        self._followed = False
        self._opening = SingleFlight(self._follow, name="open-recent-commits")

    async def open(self) -> None:
        if not self._followed:
            await self._opening.run()

    def close(self) -> None:
        # Nothing is awaited here, since a closing watcher may be cancelled at any await.
        self._opening.cancel()
        self._end.close()
        if self._followed:
            self.recent.follower.remove(self._end)
            self._followers.unfollow(self.recent.follower, self.recent)

    async def _follow(self) -> None:
        follower = await self._followers.follow(self._contest_id, self.recent)
        self.recent.attach(follower)
        follower.add(self._end)
        self._followed = True
        self._end.start()


class WatchHub:
    """Connects watchers to the log followers of their contests. Lives as long as these."""

    def __init__(self, followers: LogFollowers, store: Store, recent_changes: int) -> None:
        """Hold `recent_changes` of each watched contest in memory, about 0.5 kB each."""
        self._followers = followers
        self._store = store
        self._recent_changes = recent_changes
        self._contests = ContestReader(store)
        self._entries: dict[str, _Entry] = {}
        self.draining = asyncio.Event()
        """Set once all watches are to end."""

    @property
    def size(self) -> int:
        """The number of watched contests."""
        return len(self._entries)

    def drain(self) -> None:
        """End all watches, and accept no new watchers."""
        self.draining.set()
        for entry in self._entries.values():
            entry.recent.interrupt()

    @contextlib.asynccontextmanager
    async def join(self, contest_id: str) -> AsyncIterator[RecentCommits]:
        """Yield the recent commits of a contest, complete from now on.

        Raises:
            ServerDraining: The hub drains.

            StoreUnavailable: The store is down.
        """
        if self.draining.is_set():
            raise ServerDraining
        entry = self._entries.get(contest_id)
        if not entry:
            recent = RecentCommits(self._store, self._recent_changes)
            entry = self._entries[contest_id] = _Entry(
                contest_id, recent, self._followers, self._contests
            )
        entry.watchers += 1
        try:
            await entry.open()
            yield entry.recent
        finally:
            entry.watchers -= 1
            if not entry.watchers:
                del self._entries[contest_id]
                entry.close()

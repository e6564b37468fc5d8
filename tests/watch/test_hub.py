"""The hub: contests are followed from their first watcher to their last one."""

import asyncio
import contextlib
from typing import Self, cast

import pytest

from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.hub import WatchHub
from watch.in_memory_contest import CONTEST, FakeFollower


class SlowFollowers:
    """
    Log followers that become live when the test allows it; see `LogFollowers`.

    Attributes:
        observers: The number of observers, also of followers that are not live yet.
        live: Set once followers become live.
        error: The error that following fails with then, if any.
    """

    def __init__(self) -> None:
        self.observers = 0
        self.live = asyncio.Event()
        self.error: Exception | None = None

    async def follow(self, _contest_id: str, _observer: object) -> LogFollower:
        """See `LogFollowers.follow`."""
        self.observers += 1
        try:
            await self._until_live()
        except BaseException:
            self.observers -= 1
            raise
        return cast("LogFollower", FakeFollower())

    async def _until_live(self) -> None:
        await self.live.wait()
        if self.error:
            raise self.error

    def unfollow(self, _follower: object, _observer: object) -> None:
        """See `LogFollowers.unfollow`."""
        self.observers -= 1


class NoContests:
    """A store without any contest; see `Store`."""

    def shard_of(self, _contest_id: str) -> None:
        """See `Store.shard_of`."""

    @property
    def contests(self) -> Self:
        """See `Store.contests`."""
        return self

    async def read(self, _contest_id: str) -> None:
        """See `ContestStore.read`."""


@pytest.fixture(name="followers")
def _followers() -> SlowFollowers:
    """Return followers that are not live yet."""
    return SlowFollowers()


@pytest.fixture(name="hub")
def _hub(followers: SlowFollowers) -> WatchHub:
    """Return a hub without watchers."""
    return WatchHub(cast("LogFollowers", followers), cast("Store", NoContests()), 100)


async def watch(hub: WatchHub, until: asyncio.Event) -> None:
    """Watch until an event."""
    async with hub.join(CONTEST):
        await until.wait()


async def test_a_contest_is_followed_once_for_all_watchers(
    hub: WatchHub, followers: SlowFollowers
) -> None:
    """Watchers share one observer, which the last one of them removes."""
    followers.live.set()
    first, last = asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(watch(hub, until)) for until in (first, last)]
    await eventually(lambda: followers.observers == 1, "the contest is followed")
    first.set()
    await tasks[0]
    assert followers.observers == 1
    last.set()
    await tasks[1]
    assert followers.observers == 0


async def test_watchers_that_leave_early_leave_nothing(
    hub: WatchHub, followers: SlowFollowers
) -> None:
    """If all watchers leave before the contest is followed, it never is."""
    never = asyncio.Event()
    tasks = [asyncio.create_task(watch(hub, never)) for _ in range(3)]
    await eventually(lambda: followers.observers == 1, "the contest is being followed")
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    followers.live.set()
    await eventually(lambda: followers.observers == 0, "nothing is followed")

    async with hub.join(CONTEST):
        assert followers.observers == 1
    assert followers.observers == 0


async def test_a_contest_that_can_not_be_followed_is_tried_again(
    hub: WatchHub, followers: SlowFollowers
) -> None:
    """Watchers fail with the error of their time, and later ones are served."""
    followers.live.set()
    followers.error = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        async with hub.join(CONTEST):
            pass
    followers.error = None
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(hub.join(CONTEST))
        assert followers.observers == 1

"""The followers of a server: which contests are followed, and for how long."""

import asyncio
from typing import cast

import pytest

from harness.uncounted import replication_instruments
from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.replication import log_follower, log_followers
from leaderboard_server.replication.feed import Feed
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.replication.log_followers import LogFollowers
from leaderboard_server.storage.store import Store
from replication.following import CONTEST, FakeStore, Recorder


class SlowFeed:
    """
    A feed that connects when the test allows it; see `Feed`.

    Attributes:
        subscribed: The contests with a subscription, in order.
        away: The contests whose shards are known to be away.
    """

    def __init__(self) -> None:
        self.subscribed: list[str] = []
        self.away: set[str] = set()
        self._followers: list[LogFollower] = []

    def subscribe(self, contest_id: str, follower: LogFollower) -> None:
        """See `Feed.subscribe`."""
        self.subscribed.append(contest_id)
        self._followers.append(follower)

    def unsubscribe(self, contest_id: str) -> None:
        """See `Feed.unsubscribe`."""
        self.subscribed.remove(contest_id)

    def is_away(self, contest_id: str) -> bool:
        """See `Feed.is_away`."""
        return contest_id in self.away

    def connect(self) -> None:
        """Tell all followers that they are subscribed."""
        for follower in self._followers:
            follower.on_subscribed()


class OneStore(FakeStore):
    """A fake store with the methods that followers need of it."""

    def add_epoch_observer(self, _observer: object) -> None:
        """See `Store.add_epoch_observer`."""


@pytest.fixture(name="feed")
def _feed() -> SlowFeed:
    """Return a feed that is not connected."""
    return SlowFeed()


@pytest.fixture(name="followers")
def _followers(feed: SlowFeed, monkeypatch: pytest.MonkeyPatch) -> LogFollowers:
    """Return followers that give up soon, and are kept for a short time after that."""
    monkeypatch.setattr(log_follower, "LIVE_WITHIN_S", 0.05)
    monkeypatch.setattr(log_followers, "LINGER_S", 0.3)
    return LogFollowers(cast("Store", OneStore()), cast("Feed", feed), replication_instruments())


async def test_a_follower_that_is_late_is_kept_for_the_next_attempt(
    followers: LogFollowers, feed: SlowFeed
) -> None:
    """A caller that tries again after a failure finds the follower of the first attempt live."""
    with pytest.raises(StoreUnavailable):
        await followers.follow(CONTEST, Recorder())
    follower = followers.by_contest[CONTEST]
    feed.connect()
    await eventually(lambda: follower.live, "the follower is live")

    observer = Recorder()
    assert await followers.follow(CONTEST, observer) is follower
    assert feed.subscribed == [CONTEST]
    with pytest.raises(StoreUnavailable):
        await followers.follow("later", Recorder())
    await eventually(lambda: "later" not in followers.by_contest, "the end of a later follower")
    assert followers.by_contest == {CONTEST: follower}

    followers.unfollow(follower, observer)
    assert not followers.by_contest
    assert not feed.subscribed


async def test_a_follower_that_nobody_wants_ends(followers: LogFollowers, feed: SlowFeed) -> None:
    """Without another attempt the follower and its subscription end after a while."""
    with pytest.raises(StoreUnavailable):
        await followers.follow(CONTEST, Recorder())
    assert feed.subscribed == [CONTEST]
    await eventually(lambda: not followers.by_contest, "the end of the follower")
    assert not feed.subscribed


class TestAwayShards:
    """Followers of contests whose shards are known to be away."""

    async def test_a_caller_does_not_wait(self, followers: LogFollowers, feed: SlowFeed) -> None:
        """It gets UNAVAILABLE in the same turn of the loop, and nothing is left of its call."""
        feed.away.add(CONTEST)
        for _ in range(3):
            async with asyncio.timeout(0):
                with pytest.raises(StoreUnavailable):
                    await followers.follow(CONTEST, Recorder())
            assert not feed.subscribed
            assert not followers.by_contest

    async def test_a_follower_of_others_is_kept_for_them_alone(
        self, followers: LogFollowers, feed: SlowFeed
    ) -> None:
        """It serves its observers as long as it is live, and later callers do not prolong it."""
        observer = Recorder()
        following = asyncio.create_task(followers.follow(CONTEST, observer))
        await eventually(lambda: feed.subscribed == [CONTEST], "a subscription")
        feed.connect()
        follower = await following
        feed.away.add(CONTEST)
        second = Recorder()
        assert await followers.follow(CONTEST, second) is follower

        follower.on_connection_lost()
        async with asyncio.timeout(0):
            with pytest.raises(StoreUnavailable):
                await followers.follow(CONTEST, Recorder())
        assert followers.by_contest == {CONTEST: follower}
        for each in (observer, second):
            followers.unfollow(follower, each)
        assert not followers.by_contest


class HangingStore(OneStore):
    """
    A fake store that may never say the position of a contest.

    Attributes:
        hangs: The contest, empty for none.
    """

    hangs = ""

    async def position(self, contest_id: str) -> Position:
        """See `Store.position`."""
        if contest_id == self.hangs:
            self.calls.append("hang")
            await asyncio.Event().wait()
        return await super().position(contest_id)


async def test_a_shard_that_hangs_holds_up_no_comparison_of_others(
    feed: SlowFeed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Followers of other shards are compared in round after round."""
    monkeypatch.setattr(log_followers, "VERIFY_S", 0.01)
    monkeypatch.setattr(log_followers, "VERIFY_TIMEOUT_S", 0.05)
    store = HangingStore()
    followers = LogFollowers(cast("Store", store), cast("Feed", feed), replication_instruments())
    contests = (CONTEST, "league")
    following = [asyncio.create_task(followers.follow(contest, Recorder())) for contest in contests]
    await eventually(lambda: len(feed.subscribed) == len(contests), "subscriptions")
    feed.connect()
    await asyncio.gather(*following)
    store.hangs = CONTEST
    store.calls.clear()
    followers.start()

    await eventually(lambda: store.calls.count("position") > 2, "comparisons")
    assert store.calls.count("hang") > 1
    await followers.close()

"""The followers of a server: which contests are followed, and for how long."""

from typing import cast

import pytest

from harness.uncounted import replication_instruments
from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreUnavailable
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

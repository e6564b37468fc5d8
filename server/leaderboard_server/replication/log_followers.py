"""The log followers of all contests that this server follows, each with one subscription."""

import asyncio
import contextlib
from collections.abc import Sequence
from functools import partial
from typing import Protocol

import structlog

from leaderboard_server.domain.change import Commit
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication.feed import Feed
from leaderboard_server.replication.instruments import ReplicationInstruments
from leaderboard_server.replication.log_follower import LogFollower
from leaderboard_server.replication.log_reader import Observer
from leaderboard_server.storage.store import Store
from leaderboard_server.tasks import BackgroundTask

_log = structlog.get_logger()

LINGER_S = 5.0
"""Time for which a follower is kept that did not become live in time."""
VERIFY_S = 1.0
"""Interval between comparisons of followers with the store."""
VERIFY_TIMEOUT_S = 1.0
"""How long the comparisons of one round may take. If a shard of a cluster hangs, its followers do
not hold up those of others: the feed notices it too, and after that they read the log."""
VERIFIED_AT_ONCE = 100
"""Followers compared each time, in turn: about 5 ms of this server."""


class OwnCommit(Protocol):
    """The store's reply to a commit of this server."""

    @property
    def contest_id(self) -> str:
        """The contest."""

    def commit(self) -> Commit:
        """Return the commit; it is made only where the contest is followed."""


class _Placeholder:
    """An observer that does nothing but keep its follower."""

    def on_commit(self, commit: Commit) -> None:
        pass

    def on_restart(self, position: Position, reason: SnapshotReason) -> None:
        pass

    def on_deleted(self) -> None:
        pass

    def on_stale(self) -> None:
        pass


class LogFollowers:
    """Keeps one follower for each followed contest. Open from `start` to `close`."""

    def __init__(self, store: Store, feed: Feed, instruments: ReplicationInstruments) -> None:
        """Read from `store`, get messages from `feed`, and count by `instruments`."""
        self._store = store
        self._instruments = instruments
        self._feed = feed
        self.by_contest: dict[str, LogFollower] = {}
        """The followers of all contests that have an observer."""
        self._verifier = BackgroundTask(self._verify, name="verify-followers")
        store.add_epoch_observer(self._invalidate)

    def start(self) -> None:
        """Begin to compare followers with the store."""
        self._verifier.start()

    async def close(self) -> None:
        """Close all followers."""
        await self._verifier.close()
        for follower in self.by_contest.values():
            follower.close()

    def receives(self, contest_id: str) -> bool:
        """Return whether commits of a contest by other servers can be received at present."""
        return self._feed.delivers(contest_id)

    def observe_own_commit(self, reply: OwnCommit) -> None:
        """Pass a commit of this server on before its caller gets the response."""
        if follower := self.by_contest.get(reply.contest_id):
            follower.observe_own_commit(reply.commit())

    def observe_deletion(self, contest_id: str, epoch: str) -> None:
        """Pass on that this server deleted a contest, before its caller gets the response."""
        if follower := self.by_contest.get(contest_id):
            follower.observe_deletion(epoch)

    def observe_read(self, contest_id: str, position: Position) -> None:
        """Record the position of a board that was read from the store for a caller."""
        if follower := self.by_contest.get(contest_id):
            follower.observe_read(position)

    async def follow(self, contest_id: str, observer: Observer) -> LogFollower:
        """Pass every commit after the returned follower's position on to `observer`.

        Raises:
            StoreUnavailable: The follower did not become live in time; the observer was removed.
        """
        follower = self.by_contest.get(contest_id)
        if not follower:
            is_away = partial(self._feed.is_away, contest_id)
            follower = LogFollower(contest_id, self._store, self._instruments, is_away)
            self.by_contest[contest_id] = follower
            self._feed.subscribe(contest_id, follower)
        follower.add(observer)
        try:
            await follower.until_live()
        except StoreUnavailable:
            if not self._feed.is_away(contest_id):
                self._keep_for_a_while(follower)
            self.unfollow(follower, observer)
            raise
        except BaseException:
            self.unfollow(follower, observer)
            raise
        return follower

    def _keep_for_a_while(self, follower: LogFollower) -> None:
        """Keep a follower that is not live yet: when its caller tries again, it may be."""
        placeholder = _Placeholder()
        follower.add(placeholder)
        loop = asyncio.get_running_loop()
        loop.call_later(LINGER_S, self.unfollow, follower, placeholder)

    def unfollow(self, follower: LogFollower, observer: Observer) -> None:
        """Remove `observer`; a follower without observers is closed."""
        if not follower.remove(observer):
            del self.by_contest[follower.contest_id]
            follower.close()
            self._feed.unsubscribe(follower.contest_id)

    def _invalidate(self, contest_id: str) -> None:
        if follower := self.by_contest.get(contest_id):
            follower.invalidate()

    async def _verify(self) -> None:
        turn = 0
        while True:
            await asyncio.sleep(VERIFY_S)
            followers = list(self.by_contest.values())
            turn = turn if turn < len(followers) else 0
            due = followers[turn : turn + VERIFIED_AT_ONCE]
            turn += len(due)
            await self._verify_all(due)

    async def _verify_all(self, followers: Sequence[LogFollower]) -> None:
        """Compare followers with the store, except those that it does not answer in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(VERIFY_TIMEOUT_S):
                results = await asyncio.gather(
                    *(follower.verify() for follower in followers), return_exceptions=True
                )
                for result in results:
                    if isinstance(result, Exception) and not isinstance(result, StoreUnavailable):
                        _log.error("verify_failed", exc_info=result)

"""Counts of the parts of a server, each alone."""

import asyncio
from typing import cast

import pytest

from harness.plain_board import Step
from harness.uncounted import replication_instruments, sweep_instruments
from harness.waiting import eventually
from leaderboard_server.contests.deletion import ExpirySweep
from leaderboard_server.domain.errors import StoreUnavailable, WatcherStalled
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason, WatchMessage, WatchScope
from leaderboard_server.replication.commit_lag import CommitLag
from leaderboard_server.storage.contest_store import ContestStore
from leaderboard_server.storage.registry import ContestRegistry
from leaderboard_server.transport.broadcast_groups import SEND_BUFFER_MESSAGES
from watch.in_memory_contest import InMemoryContest, Viewer


class _Contests:
    """A registry with some ids, of which some have a contest."""

    def __init__(self) -> None:
        self.registered = [f"contest-{number}" for number in range(50)]
        self.existing = set(self.registered[:45])
        self.available = True

    def lost_entries(self) -> list[str]:
        """See `ContestRegistry.lost_entries`."""
        return []

    async def read_as_it_is(self, part: int, after: str, _count: int) -> list[str]:
        """See `ContestRegistry.read_as_it_is`."""
        if not self.available:
            raise StoreUnavailable
        return self.registered if part == 3 and not after else []

    def shard_of(self, _part: int) -> None:
        """See `ContestRegistry.shard_of`."""

    async def exists(self, contest_id: str) -> bool:
        """See `ContestStore.exists`."""
        return contest_id in self.existing

    async def unregister(self, contest_id: str) -> None:
        """See `ContestStore.unregister`."""
        self.registered.remove(contest_id)


async def test_sweeps_are_counted() -> None:
    """A complete sweep is timed and knows the contests; one without a store has failed."""
    contests, counts = _Contests(), sweep_instruments()
    sweep = ExpirySweep(
        cast("ContestRegistry", contests),
        cast("ContestStore", contests),
        counts,
        lambda _: None,
        interval_s=0.01,
    )
    assert sweep.found is None
    sweep.start()
    try:
        await eventually(lambda: counts.complete.value >= 2, "two sweeps")
        assert sweep.found == 45
        assert sum(counts.seconds.distribution.counts) == counts.complete.value
        contests.available = False
        await eventually(lambda: counts.failed.value > 0, "a failed sweep")
        assert sweep.found == 45
    finally:
        await sweep.close()


class TestCommitLag:
    """The time from the reply to a commit to its message."""

    def test_each_commit_is_measured_once(self) -> None:
        """Messages of other servers' commits, and repeated ones, measure nothing."""
        seconds = replication_instruments().commit_lag
        lag = CommitLag(seconds)
        for revision in (2, 4, 5):
            lag.observe_own_commit(Position("e", revision), received=False)
        for revision in (1, 2, 2, 3, 4):
            lag.observe_message(Position("e", revision))

        assert sum(seconds.distribution.counts) == 2
        assert seconds.distribution.sum > 0

    def test_a_message_before_the_reply_has_no_lag(self) -> None:
        """The feed may be faster than the reply."""
        seconds = replication_instruments().commit_lag
        CommitLag(seconds).observe_own_commit(Position("e", 1), received=True)

        assert seconds.distribution.counts[0] == 1
        assert seconds.distribution.sum == 0

    def test_lost_messages_are_not_awaited(self) -> None:
        """A later message ends the wait for those before it, as another epoch does."""
        seconds = replication_instruments().commit_lag
        lag = CommitLag(seconds)
        lag.observe_own_commit(Position("e", 1), received=False)
        lag.observe_message(Position("e", 3))
        lag.observe_own_commit(Position("e", 4), received=False)
        lag.observe_message(Position("f", 1))
        lag.observe_own_commit(Position("f", 2), received=False)
        lag.clear()
        lag.observe_message(Position("f", 2))

        assert sum(seconds.distribution.counts) == 0


async def test_a_watcher_that_lags_is_counted() -> None:
    """It counts once for each time that it leaves its group, and one that leaves by itself not."""
    contest = InMemoryContest()
    contest.commit(Step("ada", 1))
    quick, slow = (Viewer(contest, scope=WatchScope.ALL) for _ in range(2))
    async with quick.watching(), slow.watching():
        await eventually(lambda: sum(contest.following.values()) == 2, "two followers")
        slow.accepting.clear()
        for _ in range(2 * SEND_BUFFER_MESSAGES):
            contest.commit(Step("ada", 1))
            await eventually(lambda: quick.position == contest.board.position, "the change")
        assert contest.instruments.lagged.value == 0
        slow.accepting.set()
        await eventually(lambda: slow.position == contest.board.position, "the last change")
        assert contest.instruments.lagged.value == 1

    assert contest.instruments.lagged.value == 1
    assert contest.instruments.snapshots[SnapshotReason.INITIAL].value == 2


class _StalledViewer(Viewer):
    """A watcher that accepts nothing."""

    async def send(self, message: WatchMessage) -> None:
        """See `Viewer.send`."""
        raise WatcherStalled("cup", message.position)


async def test_a_watcher_that_stalls_is_counted() -> None:
    """A watch that ends because nothing is accepted counts as dropped, and not as open."""
    contest = InMemoryContest()
    with pytest.raises(WatcherStalled):
        async with _StalledViewer(contest, scope=WatchScope.ALL).watching() as task:
            await asyncio.wait([task])

    assert contest.instruments.stalled.value == 1
    assert contest.watchers.open[WatchScope.ALL] == 0

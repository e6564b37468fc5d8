"""When contests are read from the store to find out whether they are over."""

import asyncio
from typing import Self, cast

import pytest

from harness.waiting import eventually
from leaderboard_server.domain.contest import Contest, ContestSettings
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.life import Life
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import SnapshotReason
from leaderboard_server.replication import contest_reader
from leaderboard_server.replication.contest_reader import READS_AT_ONCE, ContestReader, sleep_s
from leaderboard_server.storage.store import Store
from leaderboard_server.watch.contest_end import ContestEnd
from watch.in_memory_contest import CONTEST, InMemoryContest


class Contests:
    """
    A store with one contest, whose replies the test decides; see `ContestStore`.

    Attributes:
        life: The times of the contest.
        now_ms: The time of the store.
        errors: Errors of the next reads.
        reads: The number of reads.
        in_flight: The number of reads that wait for a reply.
        replies: Set while reads are replied to.
    """

    def __init__(self) -> None:
        self.life = Life()
        self.now_ms = 0
        self.position = Position("one", 2)
        self.errors: list[Exception] = []
        self.reads = 0
        self.in_flight = 0
        self.replies = asyncio.Event()
        self.replies.set()

    @property
    def contests(self) -> Self:
        """See `Store.contests`."""
        return self

    def shard_of(self, contest_id: str) -> str:
        """See `Store.shard_of`."""
        return contest_id

    async def read(self, contest_id: str) -> Contest:
        """See `ContestStore.read`."""
        self.reads += 1
        self.in_flight += 1
        await self.replies.wait()
        self.in_flight -= 1
        if self.errors:
            raise self.errors.pop()
        settings = ContestSettings(life=self.life)
        return Contest(contest_id, settings, 2, self.position, None, self.now_ms)


@pytest.fixture(name="store")
def _store() -> Contests:
    """Return a contest without an end."""
    return Contests()


@pytest.fixture(name="end")
def _end(contest: InMemoryContest, store: Contests) -> ContestEnd:
    """Return what waits for the end of the contest."""
    return ContestEnd(contest.recent, ContestReader(cast("Store", store)))


@pytest.mark.parametrize(
    ("left_s", "slept_s"), [(0.001, 0.001), (9.5, 9.5), (20, 18), (60, 54), (10**9, 60)]
)
def test_sleeps_until_shortly_before_the_end(left_s: float, slept_s: float) -> None:
    """Far from the end most of the time is slept, near it all."""
    assert sleep_s(left_s) == slept_s


async def test_a_contest_without_an_end_is_read_once(store: Contests, end: ContestEnd) -> None:
    """Nothing is left to wait for after the read."""
    end.start()
    await eventually(lambda: "contest-end" not in _tasks(), "no task is left")
    assert store.reads == 1


async def test_only_the_store_says_that_it_is_over(
    contest: InMemoryContest, store: Contests, end: ContestEnd
) -> None:
    """A contest whose end has not come by the store's clock is read again."""
    store.life = Life(ends_at_ms=20)
    end.start()
    await eventually(lambda: store.reads > 2, "it is read again")
    assert not contest.recent.over_at(contest.board.position)
    store.now_ms = 20
    await eventually(lambda: contest.recent.over_at(contest.board.position), "it is over")


async def test_changed_settings_are_read(
    contest: InMemoryContest, store: Contests, end: ContestEnd
) -> None:
    """A contest that is over is open again after a change, and may be over once more."""
    store.life, store.now_ms = Life(ends_at_ms=1), 1
    end.start()
    await eventually(lambda: contest.recent.over_at(contest.board.position), "it is over")
    store.life = Life()
    for observer in (contest.recent, end):
        observer.on_restart(contest.board.position, SnapshotReason.CONTEST_UPDATED)
    await eventually(lambda: store.reads == 2, "it is read again")
    assert not contest.recent.over_at(contest.board.position)


async def test_a_reply_from_before_a_change_does_not_count(
    contest: InMemoryContest, store: Contests, end: ContestEnd
) -> None:
    """A read that is in flight while the settings change is repeated."""
    store.life, store.now_ms = Life(ends_at_ms=1), 1
    store.replies.clear()
    end.start()
    await eventually(lambda: store.reads == 1, "it is being read")
    store.life = Life()
    end.on_restart(contest.board.position, SnapshotReason.CONTEST_UPDATED)
    store.replies.set()
    await eventually(lambda: "contest-end" not in _tasks(), "no task is left")
    assert store.reads == 2
    assert not contest.recent.over_at(contest.board.position)


async def test_a_failed_read_is_repeated(
    contest: InMemoryContest,
    store: Contests,
    end: ContestEnd,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The end comes although the store was away, or sent what can't be read."""
    monkeypatch.setattr(contest_reader, "RETRY_S", 0.01)
    store.life, store.now_ms = Life(ends_at_ms=1), 1
    store.errors = [StoreUnavailable(), LookupError()]
    end.start()
    await eventually(lambda: contest.recent.over_at(contest.board.position), "it is over")
    assert store.reads == 3


async def test_reads_that_fail_become_rare(
    store: Contests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each delay is twice as long as the one before, up to a limit."""
    delays: list[float] = []

    async def sleep(delay_s: float) -> None:
        delays.append(delay_s)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    store.errors = [StoreUnavailable() for _ in range(7)]
    assert await ContestReader(cast("Store", store)).read(CONTEST)
    assert delays == [0.5, 1, 2, 4, 8, 8, 8]


async def test_few_contests_are_read_at_a_time(store: Contests) -> None:
    """Contests that end at the same moment wait for each other, and for no other shard's."""
    store.replies.clear()
    reader = ContestReader(cast("Store", store))
    reads = [
        asyncio.create_task(reader.read(contest_id))
        for contest_id in (CONTEST, "another")
        for _ in range(10 * READS_AT_ONCE)
    ]
    await eventually(lambda: store.in_flight == 2 * READS_AT_ONCE, "the first reads of both")
    store.replies.set()
    await asyncio.gather(*reads)
    assert store.reads == len(reads)


def _tasks() -> set[str]:
    return {task.get_name() for task in asyncio.all_tasks()}

"""The first message of a watcher, and the position that it must not be behind."""

import asyncio

import pytest

from harness.plain_board import Step
from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import Snapshot, SnapshotReason, WatchMessage, WatchScope
from leaderboard_server.watch import recent_commits, watcher
from watch.in_memory_contest import InMemoryContest

SOON_S = 10.0
"""Generous: it only limits the time of a broken test."""


@pytest.fixture(name="short_waits")
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make all waits short."""
    monkeypatch.setattr(watcher, "CATCH_UP_S", 0.02)
    monkeypatch.setattr(recent_commits, "POSITION_BATCH_S", 0.0)


async def first(contest: InMemoryContest, **fields: object) -> WatchMessage | None:
    """Return the first message of a watcher, or None if it gets none at once."""
    async with asyncio.timeout(SOON_S):
        return await contest.watcher(**fields).start()


def reason(message: WatchMessage | None) -> SnapshotReason | None:
    """Return the reason of a snapshot, or None for anything else."""
    return message.event.reason if message and isinstance(message.event, Snapshot) else None


class TestResume:
    """Watchers that resume from a position of another server."""

    @pytest.mark.usefixtures("short_waits")
    async def test_a_position_ahead_is_valid_once_the_store_reaches_it(
        self, contest: InMemoryContest
    ) -> None:
        """A position ahead is valid once the store has it, even if the server has not."""
        now = contest.board.position
        later = Position(now.epoch, now.revision + 1)
        assert reason(await first(contest, resume_after=later)) is SnapshotReason.AHEAD
        commit = contest.make(Step("cy", 1))
        assert commit.position == later

        assert await first(contest, resume_after=later) is None

    @pytest.mark.usefixtures("short_waits")
    async def test_a_position_ahead_in_a_season_that_is_over_is_valid(
        self, contest: InMemoryContest
    ) -> None:
        """The watcher may have all of that season, though the server has not received the end."""
        now = contest.board.position
        later = Position(now.epoch, now.revision + 1)
        contest.lose_history("two_2", Step("cy", 1))
        resumed = contest.watcher(resume_after=later)
        assert await resumed.start() is None
        contest.receive_new_history()
        assert reason(await resumed.poll()) is SnapshotReason.NEW_SEASON

    @pytest.mark.usefixtures("short_waits")
    async def test_a_read_in_flight_does_not_serve_a_later_watcher(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A read in flight may be too old for a later watcher, so the position is read again."""
        released = asyncio.Event()
        in_flight = asyncio.Event()
        read = contest.position

        async def slow(contest_id: str) -> Position:
            position = await read(contest_id)
            in_flight.set()
            await released.wait()
            return position

        now = contest.board.position
        later = Position(now.epoch, now.revision + 1)
        monkeypatch.setattr(contest, "position", slow)
        wrong = asyncio.create_task(first(contest, resume_after=later))
        async with asyncio.timeout(SOON_S):
            await in_flight.wait()
        contest.make(Step("cy", 1))
        right = asyncio.create_task(first(contest, resume_after=later))
        await asyncio.sleep(0)
        released.set()
        assert reason(await wrong) is SnapshotReason.AHEAD
        assert await right is None

    @pytest.mark.usefixtures("short_waits")
    async def test_concurrent_watchers_share_one_read(self, contest: InMemoryContest) -> None:
        """Concurrent watchers cause one read of the position."""
        now = contest.board.position
        later = Position(now.epoch, now.revision + 1)
        contest.make(Step("cy", 1))
        await asyncio.gather(*(first(contest, resume_after=later) for _ in range(50)))
        assert contest.position_reads == 1

    @pytest.mark.usefixtures("short_waits")
    async def test_a_new_epoch_that_is_not_received_is_not_reverted(
        self, contest: InMemoryContest
    ) -> None:
        """A watcher of the new epoch is rejected until the server has received it."""
        contest.lose_history("two", Step("cy", 1))
        with pytest.raises(StoreUnavailable):
            await first(contest, resume_after=contest.board.position)

        contest.receive_new_history()
        assert await first(contest, resume_after=contest.board.position) is None

    async def test_the_beginning_of_a_trimmed_history_is_trimmed(self) -> None:
        """A watcher from before the first change gets HISTORY_TRIMMED once the log is trimmed."""
        contest = InMemoryContest(recent_changes=2)
        for _ in range(4):
            contest.commit(Step("ada", 1))
        contest.trim_log()
        message = await first(contest, resume_after=BEGINNING)
        assert reason(message) is SnapshotReason.HISTORY_TRIMMED


class TestSnapshot:
    """The position of a snapshot."""

    @pytest.mark.parametrize("scope", [WatchScope.TOP, WatchScope.ALL])
    async def test_is_not_behind_an_acknowledged_write(
        self, contest: InMemoryContest, scope: WatchScope
    ) -> None:
        """A snapshot waits for late commits that precede an acknowledged own write."""
        late, own = contest.make(Step("cy", 1)), contest.make(Step("bo", 1))
        contest.follower.acked_position = own.position
        watching = asyncio.create_task(first(contest, scope=scope))
        await eventually(lambda: contest.state_reads > 0, "a state is read")
        for commit in (late, own):
            contest.receive(commit)
        message = await watching
        assert message
        assert message.position == own.position

    @pytest.mark.usefixtures("short_waits")
    async def test_that_can_not_be_reached_is_an_error(self, contest: InMemoryContest) -> None:
        """If these commits do not arrive, the watch fails."""
        contest.follower.acked_position = contest.make(Step("bo", 1)).position
        with pytest.raises(StoreUnavailable):
            await first(contest)

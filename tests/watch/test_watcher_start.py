"""How one watcher begins: what it is told first, and what that may not be behind."""

import asyncio

import pytest

from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import BEGINNING, Position
from leaderboard_server.domain.watch import Snapshot, SnapshotReason, WatchMessage, WatchScope
from leaderboard_server.watch import recent_commits, watcher
from unit.plain_board import Step
from watch.lone_contest import LoneContest

SOON_S = 10.0
"""Generous: it only decides when a broken test gives up."""


@pytest.fixture(name="hurried")
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing be waited for for long."""
    monkeypatch.setattr(watcher, "CATCH_UP_S", 0.02)
    monkeypatch.setattr(recent_commits, "POSITION_BATCH_S", 0.0)


async def first(contest: LoneContest, **fields: object) -> WatchMessage | None:
    """Return the first message for a watcher, if it is told one at once."""
    async with asyncio.timeout(SOON_S):
        return await contest.watcher(**fields).start()


def reason(message: WatchMessage | None) -> SnapshotReason | None:
    """Return the reason of a snapshot, or None for all else."""
    return message.event.reason if message and isinstance(message.event, Snapshot) else None


class TestResume:
    """Where a watcher goes on that was told of something elsewhere."""

    @pytest.mark.usefixtures("hurried")
    async def test_a_wrong_position_does_not_spoil_a_right_one(self, contest: LoneContest) -> None:
        """What was ahead once is not when the store has come there, though nobody heard of it."""
        now = contest.board.position
        later = Position(now.epoch, now.revision + 1)
        assert reason(await first(contest, resume_after=later)) is SnapshotReason.AHEAD
        commit = contest.make(Step("cy", 1))
        assert commit.position == later

        assert await first(contest, resume_after=later) is None

    @pytest.mark.usefixtures("hurried")
    async def test_a_read_that_is_under_way_is_not_for_who_comes_later(
        self, contest: LoneContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It may have been answered before the later one was told its position."""
        late = asyncio.Event()
        asked = asyncio.Event()
        answer = contest.position

        async def slow(contest_id: str) -> Position:
            position = await answer(contest_id)
            asked.set()
            await late.wait()
            return position

        now = contest.board.position
        later = Position(now.epoch, now.revision + 1)
        monkeypatch.setattr(contest, "position", slow)
        wrong = asyncio.create_task(first(contest, resume_after=later))
        async with asyncio.timeout(SOON_S):
            await asked.wait()
        contest.make(Step("cy", 1))
        right = asyncio.create_task(first(contest, resume_after=later))
        await asyncio.sleep(0)
        late.set()
        assert reason(await wrong) is SnapshotReason.AHEAD
        assert await right is None

    @pytest.mark.usefixtures("hurried")
    async def test_those_who_come_together_ask_once(self, contest: LoneContest) -> None:
        """Where the contest is, is read once for a crowd."""
        now = contest.board.position
        later = Position(now.epoch, now.revision + 1)
        contest.make(Step("cy", 1))
        await asyncio.gather(*(first(contest, resume_after=later) for _ in range(50)))
        assert contest.position_reads == 1

    @pytest.mark.usefixtures("hurried")
    async def test_a_new_epoch_that_can_not_be_heard_of_is_not_taken_back(
        self, contest: LoneContest
    ) -> None:
        """Who knows of it is sent elsewhere, and never given the lost board."""
        contest.lose("two", Step("cy", 1))
        with pytest.raises(StoreUnavailable):
            await first(contest, resume_after=contest.board.position)

        contest.hear_loss()
        assert await first(contest, resume_after=contest.board.position) is None

    async def test_the_beginning_of_a_trimmed_history_is_told_as_trimmed(self) -> None:
        """Who watched before the contest began has missed changes like any other."""
        contest = LoneContest(recent_changes=2)
        for _ in range(4):
            contest.commit(Step("ada", 1))
        contest.trim_log()
        message = await first(contest, resume_after=BEGINNING)
        assert reason(message) is SnapshotReason.HISTORY_TRIMMED


class TestSnapshot:
    """What a snapshot may not be behind."""

    @pytest.mark.parametrize("scope", [WatchScope.TOP, WatchScope.ALL])
    async def test_is_not_behind_what_this_server_acknowledged(
        self, contest: LoneContest, scope: WatchScope
    ) -> None:
        """Where others' commits before an own one are late, it waits for them."""
        late, own = contest.make(Step("cy", 1)), contest.make(Step("bo", 1))
        contest.stream.acked_position = own.position
        watching = asyncio.create_task(first(contest, scope=scope))
        await eventually(lambda: contest.state_reads > 0, "a state is read")
        for commit in (late, own):
            contest.hear(commit)
        message = await watching
        assert message
        assert message.position == own.position

    @pytest.mark.usefixtures("hurried")
    async def test_that_can_not_be_had_is_refused(self, contest: LoneContest) -> None:
        """Where they don't come the watcher is sent elsewhere."""
        contest.stream.acked_position = contest.make(Step("bo", 1)).position
        with pytest.raises(StoreUnavailable):
            await first(contest)

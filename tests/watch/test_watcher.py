"""One watcher and its next message, while the test decides when commits are received."""

import asyncio
from collections import Counter

import pytest

from harness.plain_board import Step
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.watch import Changes, Progress, WatchMessage, WatchScope
from leaderboard_server.watch import watcher
from leaderboard_server.watch.delta_reader import DeltaReader
from leaderboard_server.watch.views import CHANGES_AT_ONCE
from watch.in_memory_contest import InMemoryContest

SOON_S = 10.0
"""Generous: it only limits the time of a broken test."""
TURNS = 500
OTHERS = [Step(f"other{number}", 1) for number in range(3)]


@pytest.fixture(name="soon_progress")
def _soon_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make progress messages due soon."""
    monkeypatch.setattr(watcher, "PROGRESS_S", 0.02)


def ids(message: WatchMessage) -> list[str]:
    """Return the users of the changes in a message."""
    assert isinstance(message.event, Changes)
    return [change.user.user_id for change in message.event.changes]


class TestProgress:
    """Progress messages, which confirm that the watcher has every change up to a position."""

    @pytest.mark.usefixtures("soon_progress")
    @pytest.mark.parametrize("scope", WatchScope)
    async def test_comes_in_a_quiet_time(self, contest: InMemoryContest, scope: WatchScope) -> None:
        """Without changes the watcher gets progress messages with its position repeatedly."""
        watching = contest.watcher(scope=scope, user_ids=frozenset({"ada"}))
        await watching.start()
        async with asyncio.timeout(SOON_S):
            messages = [await watching.next() for _ in range(3)]
        assert [message.event for message in messages] == [Progress()] * 3
        assert {message.position for message in messages} == {contest.board.position}

    @pytest.mark.usefixtures("soon_progress")
    @pytest.mark.parametrize("scope", WatchScope)
    async def test_does_not_come_while_the_follower_is_not_live(
        self, contest: InMemoryContest, scope: WatchScope
    ) -> None:
        """While the follower is not live the watch fails, without a progress message."""
        watching = contest.watcher(scope=scope, user_ids=frozenset({"ada"}))
        await watching.start()
        contest.follower.live = False
        with pytest.raises(StoreUnavailable):
            async with asyncio.timeout(SOON_S):
                await watching.next()

    @pytest.mark.usefixtures("soon_progress")
    async def test_comes_within_a_long_min_interval(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Progress comes within the interval, and merged changes at its end."""
        watching = contest.watcher(min_interval_s=3_600.0)
        await watching.start()
        contest.commit(Step("ada", 1))
        changes = await watching.next()
        watching.apply_min_interval(changes)
        last_sent = contest.follower.position
        for _ in range(3):
            contest.commit(Step("bo", 1))
            async with asyncio.timeout(SOON_S):
                message = await watching.next()
            watching.apply_min_interval(message)
            assert (message.event, message.position) == (Progress(), last_sent)
        loop = asyncio.get_running_loop()
        now = loop.time
        monkeypatch.setattr(loop, "time", lambda: now() + 4_000)
        merged = await watching.next()
        assert ids(merged) == ["bo"]
        assert merged.event.changes[0].points == 3  # type: ignore[union-attr]
        assert merged.position == contest.board.position


class TestMinInterval:
    """Changes within the minimal interval, which come at its end."""

    async def test_may_end_right_after_a_look(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Changes come although the interval ends between a look for them and the wait for more."""
        watching = contest.watcher(min_interval_s=1.0)
        await watching.start()
        contest.commit(Step("ada", 1))
        watching.apply_min_interval(await watching.next())
        contest.commit(Step("bo", 1))
        loop = asyncio.get_running_loop()
        now, poll = loop.time, DeltaReader.poll
        passed = 0.0

        async def poll_and_lose_time(reader: DeltaReader) -> object:
            nonlocal passed
            found = await poll(reader)
            passed = 2.0
            return found

        monkeypatch.setattr(loop, "time", lambda: now() + passed)
        monkeypatch.setattr(DeltaReader, "poll", poll_and_lose_time)
        async with asyncio.timeout(SOON_S):
            assert ids(await watching.next()) == ["bo"]


class TestBusyContest:
    """Messages while commits come without a pause."""

    @pytest.mark.parametrize("window", [True, False], ids=["from the window", "read"])
    async def test_changes_of_the_first_ranks_keep_coming(
        self, contest: InMemoryContest, *, window: bool
    ) -> None:
        """The watcher gets changes while commits never pause."""
        watching = contest.watcher()
        await watching.start()
        contest.window = window
        messages: list[WatchMessage] = []

        async def watch() -> None:
            while True:
                messages.append(await watching.next())

        task = asyncio.create_task(watch())
        for _ in range(TURNS):
            contest.commit(Step("bo", 1))
            await asyncio.sleep(0)
        count = len(messages)
        task.cancel()
        assert count > TURNS / 10

    @pytest.mark.parametrize("scope", [WatchScope.TOP, WatchScope.USERS])
    async def test_progress_comes_if_nothing_watched_changes(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch, scope: WatchScope
    ) -> None:
        """Constant changes of other users do not delay a progress message."""
        monkeypatch.setattr(watcher, "PROGRESS_S", 0.0)
        watching = contest.watcher(limit=1, scope=scope, user_ids=frozenset({"ada"}))
        await watching.start()
        task = asyncio.create_task(watching.next())
        for _ in range(TURNS):
            contest.commit(Step("cy", -1))
            await asyncio.sleep(0)
        assert task.done()
        assert task.result().event == Progress()


class TestFarBehind:
    """Watchers that resume thousands of commits behind."""

    @pytest.mark.parametrize("scope", [WatchScope.ALL, WatchScope.USERS])
    async def test_a_message_holds_one_page_and_other_tasks_get_turns(
        self, monkeypatch: pytest.MonkeyPatch, scope: WatchScope
    ) -> None:
        """A message comes from one page of commits, and other tasks run between two pages."""
        contest = InMemoryContest()
        begin = contest.commit(Step("ada", 1))
        for number in range(3 * CHANGES_AT_ONCE):
            contest.commit(OTHERS[number % 3])
        reads: list[tuple[int, int]] = []
        turns = 0
        commits_after = contest.recent.commits_after

        def record(revision: int, min_changes: int | None = None) -> object:
            commits = commits_after(revision, min_changes)
            reads.append((turns, sum(len(commit.changes) for commit in commits)))
            return commits

        async def count_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        monkeypatch.setattr(contest.recent, "commits_after", record)
        counting = asyncio.create_task(count_turns())
        watching = contest.watcher(
            scope=scope, user_ids=frozenset({"ada"}), resume_after=begin, limit=1
        )
        assert await watching.start() is None
        messages = 0
        while sum(size for _, size in reads) < 3 * CHANGES_AT_ONCE:
            messages += await watching.poll() is not None
            await asyncio.sleep(0)
        assert await watching.poll() is None
        assert watching.progress().position == contest.board.position
        counting.cancel()

        full = [size for _, size in reads if size]
        assert full == [CHANGES_AT_ONCE] * 3
        assert messages == (3 if scope is WatchScope.ALL else 0)
        assert len({turn for turn, size in reads if size}) == 3

    def test_a_commit_is_never_split(self) -> None:
        """A page ends with a whole commit, and the next page begins after it."""
        contest = InMemoryContest()
        for number in range(4):
            contest.commit(*(Step(f"u{user}", 1 + number) for user in range(7)))
        first, second = (contest.recent.commits_after(at, 10) for at in (0, 14))
        assert [commit.revision for commit in first] == [7, 14]
        assert [commit.revision for commit in second] == [21, 28]
        assert len(contest.recent.commits_after(0)) == 4


class TestShared:
    """Work that watchers share."""

    async def test_changes_are_merged_once(
        self, contest: InMemoryContest, merges: Counter[str]
    ) -> None:
        """Changes are merged once for all watchers of the same ranks, at any interval."""
        watchers = [contest.watcher(min_interval_s=number / 10) for number in range(20)]
        for watching in watchers:
            await watching.start()
        contest.commit(Step("bo", 1))
        messages = [await watching.poll() for watching in watchers]
        assert merges["made"] == 1
        assert len({id(message) for message in messages}) == 1

    @pytest.mark.parametrize("resumed_first", [False, True])
    async def test_a_resumed_watcher_shares_nothing_with_a_complete_one(
        self, contest: InMemoryContest, *, resumed_first: bool
    ) -> None:
        """The resumed watcher gets all rows once, the complete one only the changes."""
        complete = contest.watcher()
        resumed = contest.watcher(resume_after=contest.board.position)
        await complete.start()
        assert await resumed.start() is None
        contest.commit(Step("bo", 1))
        changed = {}
        for watching in (resumed, complete) if resumed_first else (complete, resumed):
            message = await watching.poll()
            assert message
            changed[watching] = ids(message)
        assert changed == {complete: ["bo"], resumed: ["ada", "bo"]}

        contest.commit(Step("bo", 1))
        assert await complete.poll() is await resumed.poll()

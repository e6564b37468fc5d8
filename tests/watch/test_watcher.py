"""One watcher and what it is told next, with a test in charge of what is heard when."""

import asyncio

import pytest

from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.watch import (
    Changes,
    Progress,
    WatchMessage,
    WatchScope,
)
from leaderboard_server.watch import merge as merging
from leaderboard_server.watch import views, watcher
from leaderboard_server.watch.views import CHANGES_AT_ONCE
from unit.plain_board import Step
from watch.lone_contest import LoneContest

SOON_S = 10.0
"""Generous: it only decides when a broken test gives up."""
TURNS = 500
OTHERS = [Step(f"other{number}", 1) for number in range(3)]


@pytest.fixture(name="hurried")
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have progress be told soon."""
    monkeypatch.setattr(watcher, "PROGRESS_S", 0.02)


def ids(message: WatchMessage) -> list[str]:
    """Return whose changes a message tells."""
    assert isinstance(message.event, Changes)
    return [change.user.user_id for change in message.event.changes]


class TestProgress:
    """When a watcher is told that it has everything."""

    @pytest.mark.usefixtures("hurried")
    @pytest.mark.parametrize("scope", WatchScope)
    async def test_is_told_in_a_quiet_time(self, contest: LoneContest, scope: WatchScope) -> None:
        """Each time again, with the position up to which all was told."""
        watching = contest.watcher(scope=scope, user_ids=frozenset({"ada"}))
        await watching.start()
        async with asyncio.timeout(SOON_S):
            told = [await watching.next() for _ in range(3)]
        assert [message.event for message in told] == [Progress()] * 3
        assert {message.position for message in told} == {contest.board.position}

    @pytest.mark.usefixtures("hurried")
    @pytest.mark.parametrize("scope", WatchScope)
    async def test_is_not_told_while_it_can_not_be_known(
        self, contest: LoneContest, scope: WatchScope
    ) -> None:
        """With the link or the store away the stream ends instead."""
        watching = contest.watcher(scope=scope, user_ids=frozenset({"ada"}))
        await watching.start()
        contest.stream.live = False
        with pytest.raises(StoreUnavailable):
            async with asyncio.timeout(SOON_S):
                await watching.next()

    @pytest.mark.usefixtures("hurried")
    async def test_is_told_within_a_long_min_interval(
        self, contest: LoneContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nothing else is, though there are changes; they come merged once the interval is over."""
        watching = contest.watcher(min_interval_s=3_600.0)
        await watching.start()
        contest.commit(Step("ada", 1))
        changes = await watching.next()
        watching.apply_min_interval(changes)
        told_up_to = contest.stream.position
        for _ in range(3):
            contest.commit(Step("bo", 1))
            async with asyncio.timeout(SOON_S):
                message = await watching.next()
            watching.apply_min_interval(message)
            assert (message.event, message.position) == (Progress(), told_up_to)
        loop = asyncio.get_running_loop()
        now = loop.time
        monkeypatch.setattr(loop, "time", lambda: now() + 3_600)
        merged = await watching.next()
        assert ids(merged) == ["bo"]
        assert merged.event.changes[0].points == 3  # type: ignore[union-attr]
        assert merged.position == contest.board.position


class TestBusyContest:
    """What is told while commits come without a pause."""

    @pytest.mark.parametrize("window", [True, False], ids=["from the window", "read"])
    async def test_the_first_ranks_keep_being_told(
        self, contest: LoneContest, *, window: bool
    ) -> None:
        """A watcher of them doesn't wait for a pause that never comes."""
        watching = contest.watcher()
        await watching.start()
        contest.window = window
        told: list[WatchMessage] = []

        async def watch() -> None:
            while True:
                told.append(await watching.next())

        task = asyncio.create_task(watch())
        for _ in range(TURNS):
            contest.commit(Step("bo", 1))
            await asyncio.sleep(0)
        count = len(told)
        task.cancel()
        assert count > TURNS / 10

    @pytest.mark.parametrize("scope", [WatchScope.TOP, WatchScope.USERS])
    async def test_progress_is_told_where_none_of_it_is_watched(
        self, contest: LoneContest, monkeypatch: pytest.MonkeyPatch, scope: WatchScope
    ) -> None:
        """What others do doesn't put it off, though they never rest."""
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
    """Watchers who come back thousands of commits behind."""

    @pytest.mark.parametrize("scope", [WatchScope.ALL, WatchScope.USERS])
    async def test_a_message_is_made_of_one_page_and_others_get_their_turns(
        self, monkeypatch: pytest.MonkeyPatch, scope: WatchScope
    ) -> None:
        """No look at the commits is longer than a message, and the loop turns between two."""
        contest = LoneContest()
        begin = contest.commit(Step("ada", 1))
        for number in range(3 * CHANGES_AT_ONCE):
            contest.commit(OTHERS[number % 3])
        looks: list[tuple[int, int]] = []
        turns = 0
        since = contest.recent.commits_after

        def looked(revision: int, min_changes: int | None = None) -> object:
            commits = since(revision, min_changes)
            looks.append((turns, sum(len(commit.changes) for commit in commits)))
            return commits

        async def count_turns() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        monkeypatch.setattr(contest.recent, "commits_after", looked)
        counting = asyncio.create_task(count_turns())
        watching = contest.watcher(
            scope=scope, user_ids=frozenset({"ada"}), resume_after=begin, limit=1
        )
        assert await watching.start() is None
        messages = 0
        while sum(size for _, size in looks) < 3 * CHANGES_AT_ONCE:
            messages += await watching.poll() is not None
            await asyncio.sleep(0)
        counting.cancel()

        full = [size for _, size in looks if size]
        assert full == [CHANGES_AT_ONCE] * 3
        assert messages == (3 if scope is WatchScope.ALL else 0)
        assert len({turn for turn, size in looks if size}) == 3

    def test_a_commit_is_never_split(self) -> None:
        """A page ends with the commit that makes it full, and the next begins there."""
        contest = LoneContest()
        for number in range(4):
            contest.commit(*(Step(f"u{user}", 1 + number) for user in range(7)))
        first, second = (contest.recent.commits_after(at, 10) for at in (0, 14))
        assert [commit.revision for commit in first] == [7, 14]
        assert [commit.revision for commit in second] == [21, 28]
        assert len(contest.recent.commits_after(0)) == 4


class TestShared:
    """What watchers share."""

    async def test_what_a_commit_changes_is_worked_out_once(
        self, contest: LoneContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """However many watch the same ranks, at whatever pace."""
        merges = 0
        merge = merging.merge

        def counted(*arguments: object) -> object:
            nonlocal merges
            merges += 1
            return merge(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(views, "merge", counted)
        watchers = [contest.watcher(min_interval_s=number / 10) for number in range(20)]
        for watching in watchers:
            await watching.start()
        contest.commit(Step("bo", 1))
        messages = [await watching.poll() for watching in watchers]
        assert merges == 1
        assert len({id(message) for message in messages}) == 1

    @pytest.mark.parametrize("resumed_first", [False, True])
    async def test_who_holds_rows_shares_nothing_with_who_resumed(
        self, contest: LoneContest, *, resumed_first: bool
    ) -> None:
        """One who resumed is told all rows once, the others what changed alone."""
        holds = contest.watcher()
        resumed = contest.watcher(resume_after=contest.board.position)
        await holds.start()
        assert await resumed.start() is None
        contest.commit(Step("bo", 1))
        told = {}
        for watching in (resumed, holds) if resumed_first else (holds, resumed):
            message = await watching.poll()
            assert message
            told[watching] = ids(message)
        assert told == {holds: ["bo"], resumed: ["ada", "bo"]}

        contest.commit(Step("bo", 1))
        assert await holds.poll() is await resumed.poll()

"""Broadcast groups: watchers at the same state share messages; slow watchers are evicted."""

import asyncio
import contextlib
import gc
from collections import Counter

import pytest

from harness.plain_board import Step
from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import Changes, Progress, Snapshot, WatchMessage, WatchScope
from leaderboard_server.transport import broadcast_groups
from leaderboard_server.watch import watcher
from leaderboard_server.watch.delta_reader import DeltaReader
from watch.in_memory_contest import InMemoryContest, Viewer

BUFFERED = 2
COMMITS = 10 * BUFFERED


class Published:
    """
    Records the messages that are published to broadcast groups.

    Attributes:
        messages: All messages, in order.
        counts: The number of messages by group.
    """

    def __init__(self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[WatchMessage] = []
        self.counts: Counter[str] = Counter()
        self._publish = contest.groups.publish
        monkeypatch.setattr(contest.groups, "publish", self._record)

    def _record(self, group: str, message: WatchMessage, cursor: int) -> None:
        self.messages.append(message)
        self.counts[group] += 1
        self._publish(group, message, cursor)


@pytest.fixture(name="contest")
def _contest(monkeypatch: pytest.MonkeyPatch) -> InMemoryContest:
    """Return a contest with two users, and streams with small buffers."""
    monkeypatch.setattr(broadcast_groups, "SEND_BUFFER_MESSAGES", BUFFERED)
    contest = InMemoryContest()
    contest.commit(Step("ada", 5), Step("bo", 3))
    return contest


@pytest.fixture(name="published")
def _published(contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch) -> Published:
    """Return a record of the published messages."""
    return Published(contest, monkeypatch)


def running_groups() -> int:
    """Return the number of broadcast groups with a running task."""
    return sum(task.get_name() == "broadcaster" for task in asyncio.all_tasks())


async def all_follow(contest: InMemoryContest, count: int, groups: int = 1) -> None:
    """Wait until this number of watchers follows this number of broadcast groups."""

    def follow() -> bool:
        sizes = [size for size in contest.following.values() if size]
        return len(sizes) == groups and sum(sizes) == count

    await eventually(follow, f"{count} watchers follow {groups} groups")


async def all_share(contest: InMemoryContest, *viewers: Viewer, groups: int = 1) -> None:
    """Make all viewers follow groups, with a commit for a viewer that started alone."""
    await eventually(lambda: all(viewer.messages for viewer in viewers), "a message for each")
    contest.commit(Step("ada", 1))
    await all_reach(contest, *viewers)
    await all_follow(contest, len(viewers), groups)


async def all_reach(contest: InMemoryContest, *viewers: Viewer) -> None:
    """Wait until all viewers are at the position of the contest."""
    now = contest.board.position
    await eventually(lambda: {viewer.position for viewer in viewers} == {now}, f"all reach {now}")


class TestSharing:
    """Work that a group does once for all its watchers."""

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_each_message_is_published_once(
        self, contest: InMemoryContest, published: Published, scope: WatchScope
    ) -> None:
        """Each message is published and encoded once for all watchers of the group."""
        fields = {"scope": scope, "user_ids": frozenset({"ada"})}
        viewers = [Viewer(contest, **fields) for _ in range(20)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers)
            published.messages.clear()
            for _ in range(5):
                contest.commit(Step("ada", 1))
                await all_reach(contest, *viewers)
        assert len(published.messages) == 5
        assert {id(message) for message in published.messages} == {
            id(message) for viewer in viewers for message in viewer.messages[2:]
        }
        encodings = [encoded for viewer in viewers for encoded in viewer.encoded]
        assert len({id(encoded) for encoded in encodings}) == len(set(encodings))

    async def test_a_single_watcher_has_no_group(
        self, contest: InMemoryContest, published: Published
    ) -> None:
        """A single watcher gets its messages without a group."""
        viewer = Viewer(contest)
        async with viewer.watching():
            await all_reach(contest, viewer)
            contest.commit(Step("ada", 1))
            await all_reach(contest, viewer)
            assert not running_groups()
        assert not published.messages

    async def test_progress_is_shared_too(
        self, contest: InMemoryContest, published: Published, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A progress message is published once for all watchers of the group."""
        viewers = [Viewer(contest) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers)
            monkeypatch.setattr(watcher, "PROGRESS_S", 0.1)
            contest.commit(Step("ada", 1))
            await eventually(
                lambda: all(viewer.messages[-1].event == Progress() for viewer in viewers),
                "progress for all",
            )
        quiet = [message for message in published.messages if message.event == Progress()]
        assert all(viewer.messages[3] is quiet[0] for viewer in viewers)

    async def test_each_min_interval_has_its_group(
        self, contest: InMemoryContest, published: Published
    ) -> None:
        """Watchers with an interval don't share with watchers that have none."""
        intervals = (0.0, 3_600.0)
        viewers = [
            Viewer(contest, min_interval_s=interval) for interval in intervals for _ in range(2)
        ]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers, groups=2)
            for _ in range(3):
                contest.commit(Step("ada", 1))
                await all_reach(contest, *viewers[:2])
        assert sorted(published.counts.values()) == [1, 4]
        assert [len(viewer.messages) for viewer in viewers] == [5, 5, 2, 2]

    async def test_a_watcher_at_another_position_does_not_follow(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A watcher at another position does not follow, even while the group pauses."""
        viewers = [Viewer(contest, min_interval_s=3_600.0) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers[:2]:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers[:2])
            contest.commit(Step("bo", 1))
            monkeypatch.setattr(watcher, "PROGRESS_S", 0.1)
            await stack.enter_async_context(viewers[2].watching())
            await all_reach(contest, viewers[2])
            late = viewers[2].messages
            await eventually(lambda: late[-1].event == Progress(), "progress for the late watcher")
            assert viewers[2].position == contest.board.position != viewers[0].position
            await all_follow(contest, 2)


class TestEviction:
    """Watchers that are slower than the messages of their group."""

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_an_evicted_watcher_misses_and_repeats_nothing(
        self, contest: InMemoryContest, published: Published, scope: WatchScope
    ) -> None:
        """An evicted watcher gets merged changes and follows again; others get every message."""
        fields = {"scope": scope, "user_ids": frozenset({"ada", "bo"})}
        quick, slow = Viewer(contest, **fields), Viewer(contest, **fields)
        async with quick.watching(), slow.watching():
            await all_share(contest, quick, slow)
            published.messages.clear()
            slow.accepting.clear()
            for _ in range(COMMITS):
                contest.commit(Step("bo", 1))
                await all_reach(contest, quick)
            assert len(slow.messages) == 2

            slow.accepting.set()
            await all_reach(contest, slow)
            await all_follow(contest, 2)
            contest.commit(Step("ada", 1))
            await all_reach(contest, quick, slow)
        assert sorted(slow.board) == sorted(quick.board) == [("ada", 7), ("bo", 3 + COMMITS)]
        assert slow.messages[-1] is quick.messages[-1]
        assert len(slow.messages) < len(quick.messages)
        assert slow.checker.reasons == {"INITIAL": 1}
        assert len(published.messages) == COMMITS + 1

    async def test_an_evicted_watcher_gets_only_rows_that_changed(
        self, contest: InMemoryContest
    ) -> None:
        """The first ranks of an evicted watcher are known, so it is not sent all of them."""
        quick, slow = (Viewer(contest, limit=2) for _ in range(2))
        async with quick.watching(), slow.watching():
            await all_share(contest, quick, slow)
            slow.accepting.clear()
            for _ in range(2 * BUFFERED):
                contest.commit(Step("ada", 1))
                await all_reach(contest, quick)
            slow.accepting.set()
            await all_reach(contest, slow)
        events = [message.event for message in slow.messages if isinstance(message.event, Changes)]
        users = [[change.user.user_id for change in event.changes] for event in events]
        assert users == [["ada"]] * len(users)

    async def test_an_evicted_watcher_gets_the_last_message(self, contest: InMemoryContest) -> None:
        """An evicted watcher gets the last published message without a later one."""
        quick, slow = (Viewer(contest, scope=WatchScope.ALL) for _ in range(2))
        async with quick.watching(), slow.watching():
            await all_share(contest, quick, slow)
            slow.accepting.clear()
            for _ in range(BUFFERED + 2):
                contest.commit(Step("bo", 1))
                await all_reach(contest, quick)
            slow.accepting.set()
            await all_reach(contest, slow)
            assert slow.board == quick.board

    async def test_rows_that_moved_up_meanwhile_are_sent(self, contest: InMemoryContest) -> None:
        """An evicted watcher gets rows that moved up while it was evicted."""
        quick, slow = (Viewer(contest, limit=1) for _ in range(2))
        async with quick.watching(), slow.watching():
            await all_share(contest, quick, slow)
            slow.accepting.clear()
            for points in (*(1,) * (BUFFERED + 1), -20):
                contest.commit(Step("ada", points))
                await all_reach(contest, quick)
            contest.commit(Step("cy", -100))
            slow.accepting.set()
            await eventually(lambda: slow.board == quick.board == [("bo", 3)], "the same board")

    async def test_a_late_watcher_joins_at_the_state_of_the_group(
        self, contest: InMemoryContest, published: Published
    ) -> None:
        """Watchers that start during commits join the group and get no change twice."""
        viewers = [Viewer(contest, scope=WatchScope.ALL) for _ in range(6)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
                for _ in range(3):
                    contest.commit(Step("bo", 1))
                    await asyncio.sleep(0)
            await all_share(contest, *viewers)
            contest.commit(Step("ada", 1))
            await all_reach(contest, *viewers)
        assert len({id(viewer.messages[-1]) for viewer in viewers}) == 1
        assert {tuple(viewer.board) for viewer in viewers} == {(("bo", 21), ("ada", 7))}


class TestEnd:
    """The end of a group."""

    async def test_comes_with_the_last_watcher(self, contest: InMemoryContest) -> None:
        """The group runs while it has a watcher, and leaves nothing registered afterwards."""
        viewers = [Viewer(contest) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers[1:]:
                await stack.enter_async_context(viewer.watching())
            async with viewers[0].watching():
                await all_share(contest, *viewers)
            await all_follow(contest, 2)
            contest.commit(Step("ada", 1))
            await all_reach(contest, *viewers[1:])
            assert running_groups() == 1
        await eventually(lambda: not running_groups(), "the group is closed")
        keys = [held for held in gc.get_referrers(contest.recent) if isinstance(held, tuple)]
        assert not keys, "nothing of it is registered"

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_each_watcher_gets_a_new_epoch_once(
        self, contest: InMemoryContest, scope: WatchScope
    ) -> None:
        """Each watcher gets one snapshot, and then they share another group."""
        fields = {"scope": scope, "user_ids": frozenset({"ada", "cy"})}
        viewers = [Viewer(contest, **fields) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers)
            contest.lose_history("two", Step("cy", 1))
            contest.receive_new_history()
            await all_reach(contest, *viewers)
            await all_follow(contest, 3)
            contest.commit(Step("cy", 1))
            await all_reach(contest, *viewers)
        for viewer in viewers:
            assert viewer.checker.reasons == {"INITIAL": 1, "NEW_EPOCH": 1}
            kinds = [type(message.event) for message in viewer.messages]
            assert kinds == [Snapshot, Changes, Snapshot, Changes]
            assert viewer.board == [("cy", 2)]

    async def test_all_watchers_get_the_first_change_of_a_contest(self) -> None:
        """Watchers of an empty contest get the first change without a second snapshot."""
        contest = InMemoryContest()
        viewers = [Viewer(contest) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers)
        assert {viewer.position for viewer in viewers} == {Position("one", 1)}
        assert {tuple(viewer.checker.reasons) for viewer in viewers} == {("INITIAL",)}

    async def test_all_watches_fail_while_the_store_is_down(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Without the store all watches fail, and none gets a progress message."""
        viewers = [Viewer(contest) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            tasks = [await stack.enter_async_context(viewer.watching()) for viewer in viewers]
            await all_share(contest, *viewers)
            monkeypatch.setattr(watcher, "PROGRESS_S", 0.1)
            contest.commit(Step("ada", 1))
            contest.follower.live = False
            ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
            assert [type(error) for error in ended] == [StoreUnavailable] * 3

    async def test_an_unexpected_error_ends_all_watches(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All watches end with the error, and no other group is started."""
        viewers = [Viewer(contest) for _ in range(3)]

        async def fail(_reader: DeltaReader) -> None:
            raise LookupError("a defect")

        async def watch_and_fail() -> None:
            async with contextlib.AsyncExitStack() as stack:
                tasks = [await stack.enter_async_context(viewer.watching()) for viewer in viewers]
                await all_share(contest, *viewers)
                monkeypatch.setattr(DeltaReader, "poll", fail)
                contest.commit(Step("ada", 1))
                done, _ = await asyncio.wait(tasks, timeout=10)
                ended.extend(task.exception() for task in done)

        ended: list[BaseException | None] = []
        with pytest.raises(LookupError):
            await watch_and_fail()
        assert [type(error) for error in ended] == [LookupError] * 3

    async def test_a_drain_ends_all_watches(self, contest: InMemoryContest) -> None:
        """Each watcher gets `end` with its own position."""
        viewers = [Viewer(contest) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            tasks = [await stack.enter_async_context(viewer.watching()) for viewer in viewers]
            await all_share(contest, *viewers)
            contest.draining.set()
            contest.recent.interrupt()
            await asyncio.wait_for(asyncio.gather(*tasks), 10)
        assert all(viewer.checker.ended for viewer in viewers)


class TestRows:
    """The rows that a group assumes its watchers to have."""

    @pytest.mark.parametrize("resumed_first", [False, True])
    async def test_a_resumed_watcher_gets_all_rows(
        self, contest: InMemoryContest, *, resumed_first: bool
    ) -> None:
        """A resumed watcher gets all rows once; a complete one gets only the changes."""
        complete = Viewer(contest)
        resumed = Viewer(contest, resume_after=contest.board.position)
        order = (resumed, complete) if resumed_first else (complete, resumed)
        another = Viewer(contest, resume_after=contest.board.position)
        async with contextlib.AsyncExitStack() as stack:
            for viewer in (*order, another):
                await stack.enter_async_context(viewer.watching())
                await all_reach(contest, viewer)
            for _ in range(20):
                await asyncio.sleep(0)
            contest.commit(Step("bo", 1))
            await all_reach(contest, complete, resumed, another)
        changed = {}
        for viewer in (complete, resumed, another):
            event = viewer.messages[-1].event
            assert isinstance(event, Changes)
            changed[viewer] = [change.user.user_id for change in event.changes]
        assert changed == {complete: ["bo"], resumed: ["ada", "bo"], another: ["ada", "bo"]}

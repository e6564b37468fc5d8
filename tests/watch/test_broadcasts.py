"""Watchers of one kind who share what they are told, and those who can't keep up with it."""

import asyncio
import contextlib
import gc
from collections import Counter

import pytest

from harness.waiting import eventually
from leaderboard_server.domain.errors import StoreUnavailable
from leaderboard_server.domain.position import Position
from leaderboard_server.domain.watch import Changes, Progress, Snapshot, WatchMessage, WatchScope
from leaderboard_server.transport import broadcast_groups
from leaderboard_server.watch import watcher
from unit.plain_board import Step
from watch.lone_contest import LoneContest, Viewer

SLOT = 2
COMMITS = 10 * SLOT


class Published:
    """
    Notes what is handed over for all who follow a channel.

    Attributes:
        messages: All messages, in order.
        counts: How many there were, by channel.
    """

    def __init__(self, contest: LoneContest, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[WatchMessage] = []
        self.counts: Counter[str] = Counter()
        self._publish = contest.groups.publish
        monkeypatch.setattr(contest.groups, "publish", self._noted)

    def _noted(self, channel: str, message: WatchMessage, mark: int) -> None:
        self.messages.append(message)
        self.counts[channel] += 1
        self._publish(channel, message, mark)


@pytest.fixture(name="contest")
def _contest(monkeypatch: pytest.MonkeyPatch) -> LoneContest:
    """Give a contest that two users are in, and streams with little room."""
    monkeypatch.setattr(broadcast_groups, "SEND_BUFFER_MESSAGES", SLOT)
    contest = LoneContest()
    contest.commit(Step("ada", 5), Step("bo", 3))
    return contest


@pytest.fixture(name="published")
def _published(contest: LoneContest, monkeypatch: pytest.MonkeyPatch) -> Published:
    """Give what is published."""
    return Published(contest, monkeypatch)


def running_groups() -> int:
    """Return how many broadcast groups have a running task."""
    return sum(task.get_name() == "broadcast-group" for task in asyncio.all_tasks())


async def all_follow(contest: LoneContest, count: int, kinds: int = 1) -> None:
    """Wait until so many watchers follow a broadcast of their kind."""

    def follow() -> bool:
        sizes = [count for count in contest.following.values() if count]
        return len(sizes) == kinds and sum(sizes) == count

    await eventually(follow, f"{count} watchers follow {kinds} broadcasts")


async def all_share(contest: LoneContest, *viewers: Viewer, kinds: int = 1) -> None:
    """Have all share broadcasts; who began alone does so after its next message."""
    await eventually(lambda: all(viewer.messages for viewer in viewers), "a message for each")
    contest.commit(Step("ada", 1))
    await all_hold(contest, *viewers)
    await all_follow(contest, len(viewers), kinds)


async def all_hold(contest: LoneContest, *viewers: Viewer) -> None:
    """Wait until viewers were told all there is."""
    now = contest.board.position
    await eventually(lambda: {viewer.position for viewer in viewers} == {now}, "all are told")


class TestSharing:
    """What a broadcast spares."""

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_each_message_is_handed_over_once(
        self,
        contest: LoneContest,
        published: Published,
        scope: WatchScope,
    ) -> None:
        """And encoded once, however many follow."""
        fields = {"scope": scope, "user_ids": frozenset({"ada"})}
        viewers = [Viewer(contest, **fields) for _ in range(20)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers)
            published.messages.clear()
            for _ in range(5):
                contest.commit(Step("ada", 1))
                await all_hold(contest, *viewers)
        assert len(published.messages) == 5
        assert {id(message) for message in published.messages} == {
            id(message) for viewer in viewers for message in viewer.messages[2:]
        }
        encodings = [encoded for viewer in viewers for encoded in viewer.encoded]
        assert len({id(encoded) for encoded in encodings}) == len(set(encodings))

    async def test_one_alone_has_none(self, contest: LoneContest, published: Published) -> None:
        """A single watcher is told by itself."""
        viewer = Viewer(contest)
        async with viewer.watching():
            await all_hold(contest, viewer)
            contest.commit(Step("ada", 1))
            await all_hold(contest, viewer)
            assert not running_groups()
        assert not published.messages

    async def test_progress_is_shared_too(
        self, contest: LoneContest, published: Published, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also that there is nothing to tell is told once for all."""
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

    async def test_each_pace_is_a_kind(self, contest: LoneContest, published: Published) -> None:
        """Who wants to be left alone for a while is told apart from who does not."""
        paces = (0.0, 3_600.0)
        viewers = [Viewer(contest, min_interval_s=pace) for pace in paces for _ in range(2)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers, kinds=2)
            for _ in range(3):
                contest.commit(Step("ada", 1))
                await all_hold(contest, *viewers[:2])
        assert sorted(published.counts.values()) == [1, 4]
        assert [len(viewer.messages) for viewer in viewers] == [5, 5, 2, 2]

    async def test_who_stands_elsewhere_is_told_apart(
        self, contest: LoneContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also where there is nothing to tell it yet, and the others are left alone for a while."""
        viewers = [Viewer(contest, min_interval_s=3_600.0) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers[:2]:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers[:2])
            contest.commit(Step("bo", 1))
            monkeypatch.setattr(watcher, "PROGRESS_S", 0.1)
            await stack.enter_async_context(viewers[2].watching())
            await all_hold(contest, viewers[2])
            apart = viewers[2].messages
            await eventually(lambda: apart[-1].event == Progress(), "progress for the late comer")
            assert viewers[2].position == contest.board.position != viewers[0].position
            await all_follow(contest, 2)


class TestFallingOut:
    """Who takes less than comes."""

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_goes_on_without_a_hole_or_a_repeat(
        self, contest: LoneContest, published: Published, scope: WatchScope
    ) -> None:
        """The others are told everything meanwhile, and it comes back to the broadcast."""
        fields = {"scope": scope, "user_ids": frozenset({"ada", "bo"})}
        quick, slow = Viewer(contest, **fields), Viewer(contest, **fields)
        async with quick.watching(), slow.watching():
            await all_share(contest, quick, slow)
            published.messages.clear()
            slow.taking.clear()
            for _ in range(COMMITS):
                contest.commit(Step("bo", 1))
                await all_hold(contest, quick)
            assert len(slow.messages) == 2

            slow.taking.set()
            await all_hold(contest, slow)
            await all_follow(contest, 2)
            contest.commit(Step("ada", 1))
            await all_hold(contest, quick, slow)
        assert sorted(slow.board) == sorted(quick.board) == [("ada", 7), ("bo", 3 + COMMITS)]
        assert slow.messages[-1] is quick.messages[-1]
        assert len(slow.messages) < len(quick.messages)
        assert slow.checker.reasons == {"INITIAL": 1}
        assert len(published.messages) == COMMITS + 1

    async def test_may_miss_the_last_message_alone(self, contest: LoneContest) -> None:
        """One who lacks what was published last is told it, though nothing follows."""
        quick, slow = (Viewer(contest, scope=WatchScope.ALL) for _ in range(2))
        async with quick.watching(), slow.watching():
            await all_share(contest, quick, slow)
            slow.taking.clear()
            for _ in range(SLOT + 2):
                contest.commit(Step("bo", 1))
                await all_hold(contest, quick)
            slow.taking.set()
            await all_hold(contest, slow)
            assert slow.board == quick.board

    async def test_is_told_of_rows_that_moved_up_meanwhile(self, contest: LoneContest) -> None:
        """What the broadcast told last is not what it holds."""
        quick, slow = (Viewer(contest, limit=1) for _ in range(2))
        async with quick.watching(), slow.watching():
            await all_share(contest, quick, slow)
            slow.taking.clear()
            for points in (*(1,) * (SLOT + 1), -20):
                contest.commit(Step("ada", points))
                await all_hold(contest, quick)
            contest.commit(Step("cy", -100))
            slow.taking.set()
            await eventually(lambda: slow.board == quick.board == [("bo", 3)], "the same board")

    async def test_a_late_comer_joins_once_it_stands_with_the_others(
        self, contest: LoneContest, published: Published
    ) -> None:
        """Also while commits come; nobody is told anything twice."""
        viewers = [Viewer(contest, scope=WatchScope.ALL) for _ in range(6)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
                for _ in range(3):
                    contest.commit(Step("bo", 1))
                    await asyncio.sleep(0)
            await all_share(contest, *viewers)
            contest.commit(Step("ada", 1))
            await all_hold(contest, *viewers)
        assert len({id(viewer.messages[-1]) for viewer in viewers}) == 1
        assert {tuple(viewer.board) for viewer in viewers} == {(("bo", 21), ("ada", 7))}


class TestEnding:
    """How a broadcast ends."""

    async def test_with_the_last_watcher(self, contest: LoneContest) -> None:
        """Nothing is left of it, and it goes on for as long as there is one."""
        viewers = [Viewer(contest) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers[1:]:
                await stack.enter_async_context(viewer.watching())
            async with viewers[0].watching():
                await all_share(contest, *viewers)
            await all_follow(contest, 2)
            contest.commit(Step("ada", 1))
            await all_hold(contest, *viewers[1:])
            assert running_groups() == 1
        await eventually(lambda: not running_groups(), "the group is closed")
        keys = [held for held in gc.get_referrers(contest.recent) if isinstance(held, tuple)]
        assert not keys, "nothing of it is registered"

    @pytest.mark.parametrize("scope", WatchScope)
    async def test_a_new_epoch_is_told_to_each_once(
        self, contest: LoneContest, scope: WatchScope
    ) -> None:
        """And they share another broadcast after that."""
        fields = {"scope": scope, "user_ids": frozenset({"ada", "cy"})}
        viewers = [Viewer(contest, **fields) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers)
            contest.lose("two", Step("cy", 1))
            contest.hear_loss()
            await all_hold(contest, *viewers)
            await all_follow(contest, 3)
            contest.commit(Step("cy", 1))
            await all_hold(contest, *viewers)
        for viewer in viewers:
            assert viewer.checker.reasons == {"INITIAL": 1, "NEW_EPOCH": 1}
            kinds = [type(message.event) for message in viewer.messages]
            assert kinds == [Snapshot, Changes, Snapshot, Changes]
            assert viewer.board == [("cy", 2)]

    async def test_a_beginning_contest_is_told_to_all(self) -> None:
        """Who watched before it began gets the first change, and no second snapshot."""
        contest = LoneContest()
        viewers = [Viewer(contest) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            for viewer in viewers:
                await stack.enter_async_context(viewer.watching())
            await all_share(contest, *viewers)
        assert {viewer.position for viewer in viewers} == {Position("one", 1)}
        assert {tuple(viewer.checker.reasons) for viewer in viewers} == {("INITIAL",)}

    async def test_while_the_store_is_away_all_are_sent_away(
        self, contest: LoneContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody is told that all is told while that can't be known."""
        viewers = [Viewer(contest) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            tasks = [await stack.enter_async_context(viewer.watching()) for viewer in viewers]
            await all_share(contest, *viewers)
            monkeypatch.setattr(watcher, "PROGRESS_S", 0.1)
            contest.commit(Step("ada", 1))
            contest.stream.live = False
            ended = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)
            assert [type(error) for error in ended] == [StoreUnavailable] * 3

    async def test_a_defect_is_told_to_all_and_not_begun_again(
        self, contest: LoneContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What makes a broadcast fail would make the next one fail too, and so on for ever."""
        viewers = [Viewer(contest) for _ in range(3)]

        async def fail(_watcher: watcher.Watcher) -> WatchMessage:
            raise LookupError("a defect")

        async def watch_and_fail() -> None:
            async with contextlib.AsyncExitStack() as stack:
                tasks = [await stack.enter_async_context(viewer.watching()) for viewer in viewers]
                await all_share(contest, *viewers)
                monkeypatch.setattr(watcher.Watcher, "next", fail)
                contest.commit(Step("ada", 1))
                done, _ = await asyncio.wait(tasks, timeout=10)
                ended.extend(task.exception() for task in done)

        ended: list[BaseException | None] = []
        with pytest.raises(LookupError):
            await watch_and_fail()
        assert [type(error) for error in ended] == [LookupError] * 3

    async def test_a_drain_ends_all(self, contest: LoneContest) -> None:
        """Each is told the end, at the position that it holds."""
        viewers = [Viewer(contest) for _ in range(3)]
        async with contextlib.AsyncExitStack() as stack:
            tasks = [await stack.enter_async_context(viewer.watching()) for viewer in viewers]
            await all_share(contest, *viewers)
            contest.draining.set()
            contest.recent.notify()
            await asyncio.wait_for(asyncio.gather(*tasks), 10)
        assert all(viewer.checker.ended for viewer in viewers)


class TestRows:
    """What a broadcast knows of the rows that its watchers hold."""

    @pytest.mark.parametrize("resumed_first", [False, True])
    async def test_who_resumed_is_told_all_rows(
        self, contest: LoneContest, *, resumed_first: bool
    ) -> None:
        """Once, also where others of its kind hold theirs; those are told what changed alone."""
        holds = Viewer(contest)
        resumed = Viewer(contest, resume_after=contest.board.position)
        order = (resumed, holds) if resumed_first else (holds, resumed)
        another = Viewer(contest, resume_after=contest.board.position)
        async with contextlib.AsyncExitStack() as stack:
            for viewer in (*order, another):
                await stack.enter_async_context(viewer.watching())
                await all_hold(contest, viewer)
            for _ in range(20):
                await asyncio.sleep(0)
            contest.commit(Step("bo", 1))
            await all_hold(contest, holds, resumed, another)
        told = {}
        for viewer in (holds, resumed, another):
            event = viewer.messages[-1].event
            assert isinstance(event, Changes)
            told[viewer] = [change.user.user_id for change in event.changes]
        assert told == {holds: ["bo"], resumed: ["ada", "bo"], another: ["ada", "bo"]}

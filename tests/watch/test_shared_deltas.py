"""Broadcasters: groups of different limits and users share the work for each commit."""

import asyncio
import contextlib
import copy
import random
from collections import Counter
from typing import Any

import pytest

from harness.plain_board import Step
from harness.waiting import eventually
from leaderboard_server.domain.watch import Changes, Progress, WatchScope
from leaderboard_server.watch import broadcast_group, delta_reader, watcher
from watch.in_memory_contest import InMemoryContest, Viewer
from watch.viewing import all_follow, all_show, all_watching

USERS = [f"u{number}" for number in range(12)]


@pytest.fixture(name="contest")
def _contest() -> InMemoryContest:
    """Return a contest with twelve users."""
    contest = InMemoryContest()
    contest.commit(*(Step(user, 100 - 5 * number) for number, user in enumerate(USERS)))
    return contest


def resumed(contest: InMemoryContest, viewer: Viewer) -> Viewer:
    """Return a viewer that goes on where another one is."""
    other = Viewer(contest, limit=viewer.limit, resume_after=viewer.position)
    other.checker = copy.deepcopy(viewer.checker)
    return other


class TestLimits:
    """Watchers of the first ranks with different limits."""

    async def test_one_merge_serves_all_limits(
        self, contest: InMemoryContest, merges: Counter[str]
    ) -> None:
        """Each commit is merged once, and each watcher gets the changes of its own limit."""
        viewers = [Viewer(contest, limit=limit) for limit in range(1, 13)]
        async with all_watching(*viewers):
            await all_follow(contest, *viewers)
            merges.clear()
            contest.commit(Step("u11", 58))
            await all_show(contest, *viewers)
            contest.commit(Step("u0", -100))
            await all_show(contest, *viewers)
        assert merges["made"] == 2
        changes = [viewer.messages[1].event for viewer in viewers]
        assert all(isinstance(event, Changes) and len(event.changes) == 1 for event in changes[8:])

    async def test_limits_share_a_message_that_does_not_differ(
        self, contest: InMemoryContest
    ) -> None:
        """Watchers of all limits below which a change lies get the same message."""
        viewers = [Viewer(contest, limit=limit) for limit in range(3, 13)]
        async with all_watching(*viewers):
            await all_follow(contest, *viewers)
            contest.commit(Step("u2", 1))
            await all_show(contest, *viewers)
        assert len({id(viewer.messages[-1]) for viewer in viewers}) == 1

    async def test_a_larger_limit_joins_and_leaves(
        self, contest: InMemoryContest, merges: Counter[str]
    ) -> None:
        """A watcher of a larger limit joins the shared merges; after it they are as small again."""
        small = [Viewer(contest, limit=limit) for limit in (2, 3)]
        large = Viewer(contest, limit=12)
        async with all_watching(*small):
            await all_follow(contest, *small)
            async with large.watching():
                await all_follow(contest, *small, large)
                merges.clear()
                contest.commit(Step("u11", 200))
                await all_show(contest, *small, large)
            await all_follow(contest, *small)
            contest.commit(Step("u10", 300))
            await all_show(contest, *small)
        assert merges["made"] == 2
        assert contest.depths[-1] == 3

    async def test_each_limit_gets_progress(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A watcher of few ranks gets progress while others get changes further down."""
        few, many, other = Viewer(contest, limit=1), Viewer(contest, limit=12), Viewer(contest)
        async with all_watching(few, many, other):
            await all_follow(contest, few, many, other)
            monkeypatch.setattr(watcher, "PROGRESS_S", 0.1)

            async def change_often() -> None:
                while True:
                    contest.commit(Step("u11", 1), Step("u11", -1))
                    await asyncio.sleep(0.01)

            changing = asyncio.create_task(change_often())
            contest.commit(Step("u0", 1))
            await eventually(lambda: few.messages[-1].event == Progress(), "progress")
            changing.cancel()
            assert not any(message.event == Progress() for message in many.messages)

    async def test_other_tasks_get_turns_between_many_messages(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A delta whose parts differ for many limits is not published in one go."""
        monkeypatch.setattr(broadcast_group, "PUBLISHED_AT_ONCE", 20)
        viewers = [Viewer(contest, limit=limit) for limit in range(1, 13)]
        published_in = []
        turns = [0]
        async with all_watching(*viewers):
            await all_follow(contest, *viewers)
            publish = contest.groups.publish

            def record(*arguments: Any) -> None:
                published_in.append(turns[0])
                publish(*arguments)

            monkeypatch.setattr(contest.groups, "publish", record)
            contest.commit(*(Step(user, 10 * number) for number, user in enumerate(USERS)))
            while len(published_in) < len(viewers):
                turns[0] += 1
                await asyncio.sleep(0)
            await all_show(contest, *viewers)
        assert len(published_in) == len(viewers)
        assert len(set(published_in)) >= 3

    @pytest.mark.parametrize("at_once", [1, 2_000])
    @pytest.mark.parametrize("seed", range(5))
    async def test_each_watcher_has_its_board_whatever_happens(
        self, contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch, seed: int, at_once: int
    ) -> None:
        """Watchers that come, go, stall and resume have the board of their limit at the end."""
        monkeypatch.setattr(broadcast_group, "PUBLISHED_AT_ONCE", at_once)
        rng = random.Random(seed)
        viewers: list[Viewer] = []
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(30):
                for _ in range(rng.randrange(3)):
                    known = [viewer for viewer in viewers if viewer.messages]
                    resumes = known and rng.random() < 0.5
                    viewer = resumed(contest, rng.choice(known)) if resumes else None
                    viewers.append(viewer or Viewer(contest, limit=rng.randint(1, 13)))
                    await stack.enter_async_context(viewers[-1].watching())
                for viewer in rng.sample(viewers, len(viewers) // 4):
                    accepts = viewer.accepting
                    (accepts.clear if accepts.is_set() else accepts.set)()
                for _ in range(rng.randrange(25)):
                    steps = [Step(rng.choice(USERS), rng.randint(-40, 40)) for _ in range(3)]
                    contest.commit(*steps[: rng.randint(1, 3)])
                    for _ in range(rng.randrange(4)):
                        await asyncio.sleep(0)
            for viewer in viewers:
                viewer.accepting.set()
            await eventually(
                lambda: all(viewer.messages for viewer in viewers), "a message for each"
            )
            contest.commit(*(Step(user, 1) for user in USERS))
            await all_show(contest, *viewers)


class TestUsers:
    """Watchers of some users."""

    async def test_a_commit_reaches_only_those_that_watch_its_users(
        self, contest: InMemoryContest
    ) -> None:
        """Each watcher gets the changes of its users, and no message for those of others."""
        watched = [frozenset({user}) for user in USERS] + [frozenset(USERS[:3])]
        viewers = [Viewer(contest, scope=WatchScope.USERS, user_ids=users) for users in watched]
        async with all_watching(*viewers):
            await all_follow(contest, *viewers)
            contest.commit(Step("u1", 1), Step("u7", 2), Step("u1", 3))
            await eventually(lambda: len(viewers[-1].messages) == 2, "the change")
            await eventually(lambda: len(viewers[7].messages) == 2, "the change")
        counts = [len(viewer.messages) for viewer in viewers]
        assert counts == [2 if number in {1, 7, 12} else 1 for number in range(13)]
        event = viewers[-1].messages[-1].event
        assert isinstance(event, Changes)
        assert [change.points for change in event.changes] == [1, 3]

    async def test_a_watcher_that_ends_is_forgotten(self, contest: InMemoryContest) -> None:
        """Others still get their changes after a watcher of the same user has ended."""
        viewers = [
            Viewer(contest, scope=WatchScope.USERS, user_ids=frozenset(users))
            for users in (("u1",), ("u1", "u2"), ("u3",))
        ]
        async with all_watching(*viewers[1:]):
            async with viewers[0].watching():
                await all_follow(contest, *viewers)
            await all_follow(contest, *viewers[1:])
            contest.commit(Step("u1", 1))
            await eventually(lambda: len(viewers[1].messages) == 2, "the change")
        assert [len(viewer.messages) for viewer in viewers] == [1, 2, 1]


class TestPace:
    """Watchers with a minimal interval."""

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [(0.0, 0.0), (1e-9, 0.01), (0.01, 0.01), (0.0101, 0.0125), (0.7, 0.8), (60.0, 60.0)],
    )
    def test_is_the_interval_or_a_little_more(self, asked: float, expected: float) -> None:
        """Intervals are rounded up to few paces, and round intervals are kept."""
        assert delta_reader.pace_of(asked) == pytest.approx(expected)

    async def test_similar_intervals_share_messages(self, contest: InMemoryContest) -> None:
        """Watchers whose intervals differ a little get the same message."""
        viewers = [Viewer(contest, min_interval_s=0.0101 + n / 10_000) for n in range(10)]
        async with all_watching(*viewers):
            await all_follow(contest, *viewers)
            contest.commit(Step("u5", 1))
            await all_show(contest, *viewers)
        assert len({id(viewer.messages[-1]) for viewer in viewers}) == 1

    async def test_a_late_watcher_comes_into_step(self, contest: InMemoryContest) -> None:
        """A watcher that starts between two messages of the others soon shares them."""
        viewers = [Viewer(contest, min_interval_s=0.05) for _ in range(3)]

        async def change_often() -> None:
            while True:
                contest.commit(Step("u5", 1), Step("u5", -1))
                await asyncio.sleep(0.001)

        async with all_watching(*viewers[:2]):
            await all_follow(contest, *viewers[:2])
            changing = asyncio.create_task(change_often())
            async with viewers[2].watching():
                await all_follow(contest, *viewers)
            changing.cancel()

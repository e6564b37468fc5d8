"""Turns of the event loop that other tasks get after each delta of a broadcaster."""

import asyncio
import time
from typing import Any

import pytest

from harness.plain_board import Step
from leaderboard_server.watch import broadcast_group
from watch.in_memory_contest import InMemoryContest, Viewer
from watch.viewing import all_follow, all_show, all_watching

DELTAS = 5


async def test_other_tasks_get_more_turns_the_longer_a_delta_takes(
    contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While publishing takes all the time there is, other tasks get many turns per delta."""
    turns = await turns_of_deltas(contest, monkeypatch, delta_s=0.002, turn_s=0.0)
    assert turns > 10 * (DELTAS - 1)


async def test_long_turns_of_other_tasks_delay_a_delta_for_a_bounded_time(
    contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long a delta took, and other tasks take in each turn, the next one comes soon."""
    monkeypatch.setattr(broadcast_group, "MAX_TURNS_S", 0.02)
    turns = await turns_of_deltas(contest, monkeypatch, delta_s=0.02, turn_s=0.002)
    assert turns < 20 * (DELTAS - 1)


async def turns_of_deltas(
    contest: InMemoryContest, monkeypatch: pytest.MonkeyPatch, *, delta_s: float, turn_s: float
) -> int:
    """Return how many turns other tasks get while some deltas are published.

    Each delta takes `delta_s` of CPU, and each turn of the other tasks `turn_s`.
    """
    viewers = [Viewer(contest), Viewer(contest)]
    turns = 0
    published: list[int] = []
    async with all_watching(*viewers):
        await all_follow(contest, *viewers)
        publish = contest.groups.publish

        def publish_slowly(group: str, message: Any, cursor: int) -> None:
            published.append(cursor)
            compute(delta_s)  # as if there were hundreds of followers
            publish(group, message, cursor)

        with monkeypatch.context() as patch:
            patch.setattr(contest.groups, "publish", publish_slowly)
            while len(published) < DELTAS:
                turns += 1
                contest.commit(Step("ada", 1))
                compute(turn_s)
                await asyncio.sleep(0)
        await all_show(contest, *viewers)
    return turns


def compute(seconds: float) -> None:
    """Take some CPU of this thread."""
    ends = time.thread_time() + seconds
    while time.thread_time() < ends:
        pass

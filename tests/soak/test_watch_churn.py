"""Opened and cancelled watches leave nothing behind: memory, files, threads, tasks."""

import asyncio
import contextlib
import os

import pytest

from harness.node import Node, running_node
from harness.service import ServiceProcess
from harness.stores import StoreProcess
from harness.waiting import eventually
from leaderboard_server.domain.watch import WatchRequest, WatchScope
from soak.churn import CONTESTS, RATE, Churn, Footprint

SHORT_S = 6.0
SOAK_S = float(os.environ.get("LEADERBOARD_SOAK_S", "60"))
WARM_UP = 0.3
"""The share of the time after which the footprint may not grow."""
GROWTH_MIB = 6.0
"""The allowed growth of memory; a leak of 1 kB per watch exceeds it within minutes."""
FILES = 8
"""The allowed change in connections to the store, since the driver may open some."""


async def test_a_short_churn_of_watches_leaves_nothing_behind(service: ServiceProcess) -> None:
    """A churn of some seconds leaves no growth."""
    await _churn(service, SHORT_S)


@pytest.mark.slow
@pytest.mark.timeout(SOAK_S * 2 + 120)
async def test_a_long_churn_of_watches_leaves_nothing_behind(service: ServiceProcess) -> None:
    """A churn of LEADERBOARD_SOAK_S seconds, by default a minute, leaves no growth."""
    await _churn(service, SOAK_S)


async def _churn(service: ServiceProcess, seconds: float) -> None:
    churn = Churn(service)
    async with churn.writes():
        await churn.run(seconds * WARM_UP)
        before = Footprint.of(service)
        await churn.run(seconds * (1 - WARM_UP))
        after = Footprint.of(service)
        print(f"{churn.opened} watches, {churn.messages} messages: from {before} to {after}")  # noqa: T201

        assert churn.messages > churn.opened / 2
        assert after.memory_mib - before.memory_mib < GROWTH_MIB
        assert abs(after.files - before.files) <= FILES
        assert after.threads <= before.threads + 1


async def test_cancelled_watches_leave_no_task_and_no_subscription(store: StoreProcess) -> None:
    """Watches that are cancelled before, during or after the first message leave nothing."""
    async with running_node(store.url) as node:
        for contest_id in CONTESTS[::2]:
            await node.add(contest_id, "ada")
        for contest_id in CONTESTS:
            await node.boards.top(contest_id, 1, 10)  # a window is kept for longer than this test
        tasks, followers = len(asyncio.all_tasks()), len(node.followers.by_contest)

        for number in range(20 * RATE):
            await _watch_and_cancel(node, number)

        await eventually(lambda: len(asyncio.all_tasks()) <= tasks, "the end of all tasks")
        # a follower that did not become live is kept for a while
        await eventually(
            lambda: len(node.followers.by_contest) == followers, "the end of all followers"
        )
        async with store.client() as client:

            async def same_channels() -> bool:
                return len(await client.pubsub_channels("*churn-*")) == followers

            await eventually(same_channels, "the end of all subscriptions")


async def _watch_and_cancel(node: Node, number: int) -> None:
    scopes = list(WatchScope)
    request = WatchRequest(
        CONTESTS[number % len(CONTESTS)],
        scope=scopes[number % 3],
        user_ids=frozenset({"ada"}) if scopes[number % 3] is WatchScope.USERS else frozenset(),
    )

    async def watch() -> None:
        async with contextlib.aclosing(node.watch(request)) as messages:
            async for _ in messages:
                pass

    task = asyncio.create_task(watch())
    for _ in range(number % 50):
        await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task

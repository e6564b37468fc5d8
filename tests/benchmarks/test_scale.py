"""The benchmark of large contests and of many shards, in a short form on real stores."""

from pathlib import Path

import pytest

from benchmarks.scale import callers, followers, many_contests, one_contest
from benchmarks.scale.page import callers_table, contest_table, followers_table, shards_table
from harness.stores import Flavour


@pytest.mark.parametrize("flavour", [flavour for flavour in Flavour if flavour.executable()])
def test_one_contest(flavour: Flavour, tmp_path: Path) -> None:
    """Each kind of call is served, and the store starts again with all users."""
    plan = one_contest.Plan(users=5_000, seconds=0.05)
    steps: list[str] = []

    one = one_contest.measure(tmp_path, flavour, plan, steps.append)

    assert [rate.title for rate in one.rates] == [call.title for call in one_contest.calls(plan)]
    assert all(rate.rate > 0 for rate in one.rates)
    assert 0 < one.size.file < one.size.data < one.size.resident
    assert steps[-1] == "start with it"
    page = contest_table(plan.users, {"the store": one})
    assert "| one contest of 5,000 users | the store |" in page
    assert all(rate.title in page for rate in one.rates)


async def test_many_contests(tmp_path: Path) -> None:
    """One node and a cluster take commits that are recorded, and those of a `Store`."""
    plan = many_contests.Plan(contests=20, users=10, seconds=0.1)

    results = await many_contests.measure(tmp_path, Flavour.VALKEY, plan, lambda _: None)

    assert [result.shards for result in results] == [1, 1, 1, 3, 3, 3]
    assert all(result.rate > 0 for result in results)
    assert len(shards_table(results).splitlines()) == 2 + len(results)


def test_followers(tmp_path: Path) -> None:
    """Each server that follows a contest gets its commits from the node."""
    none, some = followers.measure(tmp_path, (0, 5), seconds=0.1)

    assert (none.followers, none.received) == (0, 0)
    assert some.received > 0
    assert len(followers_table([none, some]).splitlines()) == 4


async def test_callers(tmp_path: Path) -> None:
    """Each caller has its turns, and each of their calls is run once."""
    plan = callers.Plan(rounds=2, calls=500, in_flight=50)

    costs = await callers.measure(tmp_path, plan)

    assert [cost.cpu_us > 0 for cost in costs] == [True] * 3
    assert len(callers_table(costs).splitlines()) == 5

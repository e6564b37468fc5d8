"""The example programs, run as a reader runs them."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from cli.fake_service import FakeService
from leaderboard.v1 import leaderboard_pb2 as pb

EXAMPLES = Path(__file__).parents[3] / "clients" / "python" / "examples"


def _example(name: str, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLES / name), *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    "command",
    [
        "update.py",
        "update.py 127.0.0.1:1 chess ada many",
        f"update.py 127.0.0.1:1 chess ada {2**63}",
        "update.py nowhere chess ada 1",
        "top.py",
        "top.py nowhere chess",
        "watch.py 127.0.0.1:1",
        "watch.py nowhere chess",
        "time_trial.py",
        "time_trial.py 127.0.0.1:1 race ada soon",
        "weekly_cup.py 127.0.0.1:1 week ada many",
    ],
)
async def test_wrong_arguments_print_the_usage(command: str) -> None:
    """An example with wrong arguments prints its usage on one line."""
    name, *args = command.split()
    done = await asyncio.to_thread(_example, name, *args)

    [line] = done.stderr.splitlines()
    assert line.startswith(f"usage: {name} HOST:PORT C")
    assert (done.returncode, done.stdout) == (1, "")


async def test_an_update_is_shown(fake: FakeService) -> None:
    """An example with right arguments does what it says."""
    done = await asyncio.to_thread(_example, "update.py", fake.address, "chess", "ada", "5")

    assert done.stdout == "ada has 5 points, rank 1\n"


async def test_a_time_is_shown_among_others(fake: FakeService) -> None:
    """The example of a time trial creates its contest, and prints the rows around the user."""
    rows = [("bob", 61_250, 1), ("ada", 63_000, 2), ("eve", 63_000, 2)]
    fake.rank.around.extend(
        pb.RankedUser(user_id=user, score=score, rank=rank) for user, score, rank in rows
    )

    done = await asyncio.to_thread(_example, "time_trial.py", fake.address, "race", "ada", "63000")

    assert [line.split() for line in done.stdout.splitlines()] == [
        ["1.", "bob", "61.250", "s"],
        ["2.", "ada", "63.000", "s"],
        ["2.", "eve", "63.000", "s"],
    ]
    assert fake.contests.contests["race"].rules.order == pb.ORDER_LOWEST_FIRST
    assert fake.scores == {("race", "ada"): 63_000}


async def test_a_week_is_of_a_cup_and_of_all_time(fake: FakeService) -> None:
    """The example of a weekly cup writes to both boards in one batch, and begins each Monday."""
    done = await asyncio.to_thread(_example, "weekly_cup.py", fake.address, "week", "ada", "3")

    assert done.stdout.splitlines() == [
        "week: ada has 3 points, rank 1",
        "week-all-time: ada has 3 points, rank 1",
        "week 1 of the cup",
    ]
    assert fake.batches == [2]
    assert fake.contests.contests["week"].reset_schedule.cron == "0 0 * * MON"

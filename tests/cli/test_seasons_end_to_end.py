"""Seasons of contests: the commands together with the real service and a real store."""

import asyncio
import json
from typing import Any

import pytest

from cli.command import COMMAND
from cli.conftest import Run
from harness.service import ServiceProcess
from leaderboard_cli.failures import ExitCode


@pytest.fixture(name="command")
def _command(service: ServiceProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command against the service."""
    monkeypatch.setenv("LEADERBOARD_SERVER", service.address)
    return run


def write(command: Run, contest: str, **scores: int) -> None:
    """Write scores, one after the other."""
    for user, score in scores.items():
        assert command("update", contest, user, str(score)).code == ExitCode.OK


def board(command: Run, *arguments: str) -> list[tuple[str, int, int]]:
    """Return the users of a board with their scores and ranks."""
    users = json.loads(command("top", "cup", *arguments, "--json").out)["users"]
    return [(user["user_id"], int(user["score"]), user["rank"]) for user in users]


def records(out: str) -> list[dict[str, Any]]:
    """Return the JSON of each line."""
    return [json.loads(line) for line in out.splitlines()]


def reset(command: Run) -> None:
    """End the season of the contest."""
    assert command("contest", "reset", "cup", "--yes").code == ExitCode.OK


def test_seasons_end_and_are_kept(command: Run) -> None:
    """A season that is over keeps its board with its ranks, until it is one too many."""
    kept = ("--keep-seasons", "2", "--ranks", "competition")
    command("contest", "create", "cup", *kept, "--reset", "yearly", "--time-zone", "Europe/Berlin")
    write(command, "cup", ada=5, bob=7, eve=5)
    reset(command)
    late = command("update", "cup", "ada", "1", "--season", "1")
    write(command, "cup", ada=1)

    assert (late.code, late.out, late.err.count("\n")) == (ExitCode.REJECTED, "", 1)
    assert board(command) == board(command, "--season", "2") == [("ada", 1, 1)]
    first = [("bob", 7, 1), ("ada", 5, 2), ("eve", 5, 2)]
    assert board(command, "--season", "1") == board(command, "--season", "-1") == first
    ranked = json.loads(command("rank", "cup", "eve", "--season", "1", "--json").out)
    assert (ranked["user"]["rank"], ranked["user"]["place"]) == (2, 3)
    friends = command("friends", "cup", "eve", "bob", "nobody", "--season", "-1").out
    assert friends.startswith("cup, the season before: 2 of 3 users\n")
    would = command("whatif", "cup", "6", "--season", "1", "--around", "0").out
    assert would == "cup, season 1: score 6 would have rank 2, beside 3 users\n"

    reset(command)
    reset(command)
    seasons = records(command("season", "list", "cup", "--json").out)
    assert [(each["number"], each["total_users"]) for each in seasons] == [(4, 0), (3, 0), (2, 1)]
    assert "ended_at" not in seasons[0]
    assert seasons[0]["started_at"] == seasons[1]["ended_at"]
    gone = command("top", "cup", "--season", "1")
    assert (gone.code, gone.out, gone.err.count("\n")) == (ExitCode.NOT_FOUND, "", 1)
    shown = command("contest", "show", "cup").out
    assert "; season 4, next reset 2" in shown.splitlines()[0]
    assert "yearly (Europe/Berlin)" in shown


@pytest.mark.parametrize(
    "options", [("0 0 32 * *",), ("daily", "--time-zone", "Europe/Nowhere")], ids=" ".join
)
def test_what_the_service_rejects(command: Run, options: tuple[str, ...]) -> None:
    """A schedule that never comes, or in a zone that does not exist, is rejected in one line."""
    outcome = command("contest", "create", "cup", "--reset", *options)

    assert (outcome.code, outcome.out) == (ExitCode.INVALID, "")
    assert outcome.err.startswith("error: contest.reset_schedule.")
    assert command("contest", "show", "cup").code == ExitCode.NOT_FOUND


def test_a_user_of_seasons_is_exported_and_erased(command: Run) -> None:
    """What `export` prints of a user's seasons is gone after `erase`; others stay."""
    write(command, "cup", ada=5, bob=6)
    reset(command)
    write(command, "cup", bob=1)
    reset(command)
    write(command, "cup", ada=2)

    exported = command("user", "export", "ada")
    erased = command("user", "erase", "ada", "--yes")
    after = command("user", "export", "ada")

    rows = records(exported.out)
    assert [(row["season"], row["user"]["score"]) for row in rows] == [(3, "2"), (1, "5")]
    assert exported.err == after.err.replace("0 of", "1 of") == "ada: in 1 of 1 contest\n"
    assert (erased.code, after.out) == (ExitCode.OK, "")
    assert board(command, "--season", "1") == [("bob", 6, 1)]


async def test_a_watch_goes_on_in_the_next_season(service: ServiceProcess, command: Run) -> None:
    """A watch says that a season has begun, and shows its changes."""
    write(command, "cup", ada=5)
    watching = await asyncio.create_subprocess_exec(
        *(COMMAND, "watch", "cup", "--server", service.address), stdout=asyncio.subprocess.PIPE
    )
    lines = watching.stdout
    assert lines is not None

    async def until(text: str) -> None:
        """Read lines up to one with a text."""
        while text not in " ".join((await asyncio.wait_for(lines.readline(), 20)).decode().split()):
            assert not lines.at_eof()

    try:
        await until("1 ada 5")
        await asyncio.to_thread(reset, command)
        await until("cup, season 2 has begun")
        await asyncio.to_thread(write, command, "cup", bob=1)
        await until("1. bob 1 (+1 new)")
    finally:
        watching.kill()
        await watching.wait()

"""Contests with rules: the commands together with the real service and a real store."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from cli.command import COMMAND
from cli.conftest import Run
from cli.doctor_results import found
from harness.service import ServiceProcess
from harness.stores import StoreProcess
from leaderboard_cli.failures import ExitCode

pytestmark = pytest.mark.usefixtures("unhurried")


@pytest.fixture(name="command")
def _command(service: ServiceProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command against the service."""
    monkeypatch.setenv("LEADERBOARD_SERVER", service.address)
    return run


def write(command: Run, contest: str, **scores: int) -> None:
    """Write scores, one after the other."""
    for user, score in scores.items():
        assert command("update", contest, user, str(score)).code == ExitCode.OK


def rows(users: list[dict[str, Any]]) -> list[tuple[int, int, str, int]]:
    """Return place, rank, user and score of each row."""
    return [(row["place"], row["rank"], row["user_id"], int(row["score"])) for row in users]


def answer(command: Run, *arguments: str) -> dict[str, Any]:
    """Return the answer of a command as JSON."""
    outcome = command(*arguments, "--json")
    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    record: dict[str, Any] = json.loads(outcome.out)
    return record


def test_the_lowest_time_wins(command: Run) -> None:
    """A contest of times keeps the best one of each user, and equal times share a rank."""
    settings = ("--order", "lowest", "--ranks", "competition", "--mode", "best")
    assert command("contest", "create", "laps", *settings).code == ExitCode.OK
    write(command, "laps", ada=61, bob=60, eve=61, dan=70)
    write(command, "laps", ada=65, dan=62)

    board = [(1, 1, "bob", 60), (2, 2, "ada", 61), (3, 2, "eve", 61), (4, 4, "dan", 62)]
    assert rows(answer(command, "top", "laps")["users"]) == board
    assert rows(answer(command, "rank", "laps", "dan", "--around", "3")["around"]) == board[1:]
    friends = answer(command, "friends", "laps", "eve", "nobody", "bob")
    assert rows(friends["users"]) == [board[0], board[2]]
    assert friends["missing_user_ids"] == ["nobody"]
    would = answer(command, "whatif", "laps", "61", "--around", "1")
    assert (would["rank"], would["place"], rows(would["around"])) == (2, 4, [board[1]])
    assert "laps: eve is number 2 (place 3) of 4" in command("rank", "laps", "eve").out
    moved = command("update", "laps", "dan", "61").out
    assert moved == "laps: dan has score 61, rank 2, place 4 (before: score 62, rank 4)\n"


def test_settings_bound_updates_and_can_be_reset(command: Run) -> None:
    """Bounds hold for later updates; rules that would reorder a board with scores are refused."""
    command("contest", "create", "quiz", "--max-score", "10", "--max-points", "5")
    write(command, "quiz", ada=5)

    too_many = command("update", "quiz", "ada", "6")
    too_high = command("update", "quiz", "ada", "5"), command("update", "quiz", "ada", "1")
    locked = command("contest", "set", "quiz", "--order", "lowest")
    reset = answer(command, "contest", "set", "quiz", "--unset", "max-score", "--max-points", "100")

    assert [each.code for each in (too_many, *too_high)] == [ExitCode.INVALID, 0, ExitCode.INVALID]
    assert locked.code == ExitCode.REJECTED
    assert locked.err.count("\n") == too_many.err.count("\n") == 1
    assert "max_score" not in reset["rules"]
    assert reset["rules"]["max_points"] == "100"
    write(command, "quiz", ada=100)
    unbounded = answer(command, "contest", "set", "quiz", "--unset", "max-points")
    assert "max_points" not in unbounded["rules"]
    assert rows(answer(command, "top", "quiz")["users"]) == [(1, 1, "ada", 110)]


def test_create_and_list(command: Run) -> None:
    """`list` names created contests and those that began with a score; `create` can be repeated."""
    again = [command("contest", "create", "cup-2", "--ranks", "dense").code for _ in range(2)]
    other = command("contest", "create", "cup-2")
    write(command, "cup-1", ada=1)
    write(command, "laps", ada=1)

    assert again == [ExitCode.OK] * 2
    assert (other.code, other.out) == (ExitCode.REJECTED, "")
    listed = command("contest", "list", "--json").out.splitlines()
    assert [json.loads(line)["contest_id"] for line in listed] == ["cup-1", "cup-2", "laps"]
    table = command("contest", "list", "--prefix", "cup-").out.split()
    assert table[-5:] == ["1", "cup-2", "0", "ranks", "dense"]
    assert answer(command, "contest", "show", "laps")["total_users"] == 1
    assert command("contest", "show", "nothing").code == ExitCode.NOT_FOUND


async def test_a_watch_sees_changed_settings(service: ServiceProcess, command: Run) -> None:
    """A change of settings sends the watchers a snapshot, and the changes go on after it."""
    command("contest", "create", "quiz", "--ranks", "dense")
    write(command, "quiz", ada=9, bob=9)
    watching = await asyncio.create_subprocess_exec(
        *(COMMAND, "watch", "quiz", "--server", service.address), stdout=asyncio.subprocess.PIPE
    )
    lines = watching.stdout
    assert lines is not None

    async def until(text: str) -> None:
        """Read lines up to one with a text."""
        while text not in " ".join((await asyncio.wait_for(lines.readline(), 20)).decode().split()):
            assert not lines.at_eof()

    try:
        await until("1 2 bob 9")
        await asyncio.to_thread(command, "contest", "set", "quiz", "--display-name", "Quiz")
        await until("quiz, board reloaded: the contest's settings were changed")
        await asyncio.to_thread(command, "update", "quiz", "eve", "8")
        await until("2. eve 8 (+8 new)")
    finally:
        watching.kill()
        await watching.wait()


async def test_a_server_that_begins_no_contests(
    own_store: StoreProcess, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With `--auto-create off` a contest is created first, and `doctor` says how."""
    options = ("--auto-create", "off")
    async with ServiceProcess(tmp_path / "off", *options, redis_url=own_store.url) as service:
        monkeypatch.setenv("LEADERBOARD_SERVER", service.address)
        refused = await asyncio.to_thread(run, "update", "chess", "ada", "1")
        checks = await asyncio.to_thread(found, run, "--write")
        await asyncio.to_thread(run, "contest", "create", "chess")
        accepted = await asyncio.to_thread(run, "update", "chess", "ada", "1")

    assert (refused.code, refused.err.count("\n")) == (ExitCode.NOT_FOUND, 1)
    assert checks["write"]["verdict"] == "FAIL"
    assert checks["write"]["to_do"] == "run `leaderboard contest create doctor`"
    assert accepted.code == ExitCode.OK

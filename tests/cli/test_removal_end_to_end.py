"""The end of contests and users: the commands together with the real service and a real store."""

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


def board(command: Run, contest: str) -> list[tuple[str, int]]:
    """Return the users of a contest, best first, with their scores."""
    users = json.loads(command("top", contest, "--json").out)["users"]
    return [(user["user_id"], int(user["score"])) for user in users]


def records(out: str) -> list[dict[str, Any]]:
    """Return the JSON of each line."""
    return [json.loads(line) for line in out.splitlines()]


def test_a_contest_that_is_closed_refuses_updates(command: Run) -> None:
    """A closed contest keeps its board and refuses updates until it is reopened."""
    write(command, "cup", ada=5)

    assert command("contest", "close", "cup").out.startswith("cup: closed since ")
    refused = command("update", "cup", "ada", "1")
    closed = records(command("contest", "list", "--state", "closed", "--json").out)
    assert command("contest", "reopen", "cup").out == "cup: open\n"
    write(command, "cup", ada=1)

    assert (refused.code, refused.out, refused.err.count("\n")) == (ExitCode.REJECTED, "", 1)
    assert [contest["contest_id"] for contest in closed] == ["cup"]
    assert board(command, "cup") == [("ada", 6)]


def test_a_contest_begins_and_ends_at_its_times(command: Run) -> None:
    """The settings of the times are shown by `show`; a scheduled contest refuses updates."""
    times = ("--starts-at", "2198-12-24T18:00:00Z", "--ends-at", "2199-01-01T00:00:00Z")
    created = command("contest", "create", "cup", *times, "--expire-after", "30d")
    shown = command("contest", "show", "cup")
    refused = command("update", "cup", "ada", "1")
    opened = command("contest", "set", "cup", "--unset", "starts-at")

    assert created == shown
    assert shown.out.startswith("cup: 0 users, scheduled, since ")
    assert "30d" in shown.out
    assert refused.code == ExitCode.REJECTED
    assert opened.out.startswith("cup: 0 users, open, since ")
    write(command, "cup", ada=1)


def test_a_contest_is_deleted(command: Run) -> None:
    """A deleted contest is gone for every command, and a repeat is no error."""
    write(command, "cup", ada=5, bob=6)

    kept = command("contest", "delete", "cup", "--epoch", "another", "--yes")
    done = command("contest", "delete", "cup", "--yes")
    again = command("contest", "delete", "cup", "--yes")

    assert kept.out.startswith("cup: not deleted, its epoch is ")
    assert (done.code, done.out) == (ExitCode.OK, "cup: deleted, with 2 users\n")
    assert again.out == "cup: there is no such contest\n"
    assert command("contest", "show", "cup").code == ExitCode.NOT_FOUND
    assert board(command, "cup") == []


def test_users_leave_a_board(command: Run) -> None:
    """Removed and hidden users leave the board, and hidden ones return with their score of now."""
    write(command, "chess", ada=5, bob=6, eve=7)

    removed = command("user", "remove", "chess", "bob", "nobody", "--yes")
    hidden = command("user", "hide", "chess", "eve", "dan")
    write(command, "chess", eve=1)
    assert board(command, "chess") == [("ada", 5)]
    assert command("rank", "chess", "eve").code == ExitCode.NOT_FOUND
    counted = command("update", "chess", "eve", "0")
    listed = records(command("user", "hidden", "chess", "--json").out)
    shown = command("user", "unhide", "chess", "eve", "dan", "ada")

    assert removed.out == "chess: 1 of 2 users removed\n"
    assert hidden.out == "chess: 2 of 2 users hidden\n"
    assert counted.out == "chess: eve has score 8, and is hidden; nothing changed\n"
    assert [(user["user_id"], user["score"]) for user in listed] == [("dan", None), ("eve", "8")]
    assert shown.out == "chess: 2 of 3 users not hidden any more\n"
    assert board(command, "chess") == [("eve", 8), ("ada", 5)]
    assert command("user", "hide", "nothing", "eve").code == ExitCode.NOT_FOUND


def test_a_user_is_exported_and_erased(command: Run) -> None:
    """What `export` prints of a user is gone after `erase`, hidden or not; others stay."""
    for contest in ("chess", "cup", "laps"):
        write(command, contest, ada=5, bob=6)
    command("update", "cup", "ada", "0", "--display-name", "Ada L.", "--attribute", "team=red")
    command("user", "hide", "laps", "ada")
    write(command, "other", bob=1)
    command("user", "hide", "other", "ada")

    exported = command("user", "export", "ada")
    erased = command("user", "erase", "ada", "--yes")
    after = command("user", "export", "ada")

    rows = {row["contest_id"]: row for row in records(exported.out)}
    assert exported.err == "ada: in 4 of 4 contests\n"
    assert {contest: row["hidden"] for contest, row in rows.items()} == {
        "chess": False,
        "cup": False,
        "laps": True,
        "other": True,
    }
    assert (rows["chess"]["user"]["score"], rows["chess"]["user"]["place"]) == ("5", 2)
    assert rows["cup"]["user"]["display_name"] == "Ada L."
    assert rows["cup"]["user"]["attributes"] == {"team": "red"}
    assert (rows["laps"]["user"]["score"], rows["other"]["user"]["score"]) == ("5", None)
    assert erased.out.startswith("ada: erased from 4 contests, ")
    assert (after.code, after.out, after.err) == (ExitCode.OK, "", "ada: in 0 of 4 contests\n")
    assert board(command, "chess") == [("bob", 6)]


@pytest.mark.parametrize(
    ("end", "said"), [("close", b"chess is over\n"), ("delete", b"chess was deleted\n")]
)
async def test_a_watch_ends_with_its_contest(
    service: ServiceProcess, command: Run, end: str, said: bytes
) -> None:
    """A watch shows removed rows, and ends when its contest is closed or deleted."""
    write(command, "chess", ada=9, bob=8)
    watching = await asyncio.create_subprocess_exec(
        *(COMMAND, "watch", "chess", "--server", service.address),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    lines = watching.stdout
    assert lines is not None

    async def until(text: str) -> None:
        """Read lines up to one with a text."""
        while text not in " ".join((await asyncio.wait_for(lines.readline(), 20)).decode().split()):
            assert not lines.at_eof()

    try:
        await until("2 bob 8")
        await asyncio.to_thread(command, "user", "remove", "chess", "ada", "--yes")
        await until("ada left the board (rank 1 before)")
        confirmed = ["--yes"] if end == "delete" else []
        await asyncio.to_thread(command, "contest", end, "chess", *confirmed)
        _, err = await asyncio.wait_for(watching.communicate(), 20)
    finally:
        if watching.returncode is None:
            watching.kill()
            await watching.wait()
    assert (watching.returncode, err) == (ExitCode.OK, said)

"""The commands together with the real service and a real store."""

import asyncio
import json
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest

from cli.command import COMMAND, OnTerminal, plain_lines
from cli.conftest import Run
from harness.service import ServiceProcess
from harness.waiting import eventually
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode

HEADER = "contest_id,user_id,points"


@pytest.fixture(name="command")
def _command(service: ServiceProcess, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs the command against the service."""
    monkeypatch.setenv("LEADERBOARD_SERVER", service.address)
    return run


def board(command: Run, contest: str) -> list[tuple[int, str, int]]:
    """Return rank, user and score of each row of a small contest."""
    answer = json.loads(command("top", contest, "--limit", "1000", "--json").out)
    return [(user["rank"], user["user_id"], int(user["score"])) for user in answer["users"]]


def test_scores_go_in_and_ranks_come_out(command: Run) -> None:
    """Updates in all modes lead to the board that `top` and `rank` show, ties in order."""
    command("update", "chess", "ada", "5", "--display-name", "Ada L.")
    command("update", "chess", "bob", "7")
    command("update", "chess", "bob", "-2")
    command("update", "chess", "eve", "9", "--mode", "set")
    command("update", "chess", "eve", "8", "--mode", "best")

    assert board(command, "chess") == [(1, "eve", 9), (2, "ada", 5), (3, "bob", 5)]
    ranked = command("rank", "chess", "ada")
    assert "chess: Ada L. is number 2 of 3, ahead of 50 % of the others" in ranked.out


def test_a_request_id_counts_once(command: Run) -> None:
    """The same request id again gives the first answer; with other points it is rejected."""
    first = command("update", "chess", "ada", "5", "--request-id", "r", "--json")
    again = command("update", "chess", "ada", "5", "--request-id", "r", "--json")
    other = command("update", "chess", "ada", "6", "--request-id", "r")

    assert json.loads(again.out) == json.loads(first.out) | {"replayed": True}
    assert other.code == ExitCode.REJECTED
    assert board(command, "chess") == [(1, "ada", 5)]


def test_rejections_are_a_line_and_a_code(command: Run) -> None:
    """A call that the service rejects ends with one line and its exit code."""
    rejected = {
        ("rank", "chess", "nobody"): ExitCode.NOT_FOUND,
        ("rank", "chess", "no body"): ExitCode.INVALID,
        ("top", "ch/ess"): ExitCode.INVALID,
        ("update", "chess", "ada", "1", "--event-type", "a b"): ExitCode.INVALID,
        ("update", "chess", "ada", "1", "--display-name", "a\nb"): ExitCode.INVALID,
        ("update", "chess", "ada", "1", "--request-id", "a b"): ExitCode.INVALID,
    }

    for arguments, exit_code in rejected.items():
        outcome = command(*arguments)

        assert (outcome.code, outcome.out) == (exit_code, ""), arguments
        assert outcome.err.startswith("error: ")
        assert outcome.err.count("\n") == 1


def test_a_file_counts_once(command: Run, tmp_path: Path) -> None:
    """A file imported again, and then with lines appended, counts each event once, in order."""
    file = tmp_path / "goals.csv"
    goals = [f"cup,user-{number % 7},{number % 3}" for number in range(300)]
    file.write_text("\n".join([HEADER, *goals]))
    command("import", str(file), "--batch-size", "64")
    once = board(command, "cup")

    again = command("import", str(file))
    assert board(command, "cup") == once

    file.write_text("\n".join([HEADER, *goals, "cup,late,1000"]))
    appended = command("import", str(file))

    assert again.out.startswith("sent 300 events (0 counted, 300 repeated) in ")
    assert appended.out.startswith("sent 301 events (1 counted, 300 repeated) in ")
    assert board(command, "cup")[0] == (1, "late", 1000)


def test_a_line_that_only_the_service_rejects_is_named(command: Run, tmp_path: Path) -> None:
    """A line whose sum would pass the bounds is named by number, and skipped on request."""
    file = tmp_path / "sums.csv"
    file.write_text("\n".join([HEADER, f"cup,ada,{2**53}", "cup,ada,1", "cup,bob,1"]))

    stopped = command("import", str(file), "--batch-size", "1")
    assert stopped.code == ExitCode.BAD_LINES
    assert "sent 1 event (1 counted, 0 repeated), stopped at line 3: " in stopped.err
    assert board(command, "cup") == [(1, "ada", 2**53)]

    skipped = command("import", str(file), "--skip-bad")
    assert skipped.code == ExitCode.SKIPPED
    assert skipped.out.startswith("sent 2 events (1 counted, 1 repeated), skipped 1 in ")
    assert board(command, "cup") == [(1, "ada", 2**53), (2, "bob", 1)]


async def test_an_import_survives_a_killed_service(service: ServiceProcess, tmp_path: Path) -> None:
    """A service that is killed in the middle of an import loses no event and doubles none."""
    events = 4_000
    file = tmp_path / "ones.csv"
    file.write_text("\n".join([HEADER, *["cup,ada,1"] * events]))

    async def score() -> int:
        """Read the user's score."""
        request = pb.GetUserRankRequest(contest_id="cup", user_id="ada")
        return int((await service.stub.GetUserRank(request)).user.score)

    importing = await asyncio.create_subprocess_exec(
        *(COMMAND, "import", str(file), "--batch-size", "20", "--json"),
        *("--server", service.address),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        await eventually(lambda: _reached(score, 200), "the first 200 events")
        await service.kill()
        await service.start()
        out, _ = await asyncio.wait_for(importing.communicate(), 60)
    finally:
        if importing.returncode is None:
            importing.kill()

    assert json.loads(out)["sent"] == events
    assert await score() == events


async def _reached(score: Callable[[], Awaitable[int]], wanted: int) -> bool:
    """Return whether a score exists and is at least the wanted one."""
    try:
        return await score() >= wanted
    except grpc.aio.AioRpcError:
        return False


async def test_json_goes_on_across_a_restart(service: ServiceProcess, command: Run) -> None:
    """A watch prints the state, then each change, also those of an outage, until Ctrl-C."""
    command("update", "chess", "ada", "5")
    watching = await asyncio.create_subprocess_exec(
        *(COMMAND, "watch", "chess", "--json", "--server", service.address),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert watching.stdout is not None
    lines = watching.stdout

    async def message() -> dict[str, Any]:
        """Read the next message of the watch."""
        received: dict[str, Any] = json.loads(await asyncio.wait_for(lines.readline(), 20))
        return received

    try:
        assert (await message())["snapshot"]["users"][0]["user_id"] == "ada"
        command("update", "chess", "bob", "6", "--event-type", "win")
        changed = await message()
        [change] = changed["changes"]["changes"]
        assert (change["user"]["rank"], change["points"], change["event_type"]) == (1, "6", "win")
        await service.terminate()
        ended = await message()
        assert ended["end"] == {"reason": "END_REASON_DRAINING"}
        await service.start()
        command("update", "chess", "ada", "7")
        resumed = await message()
        assert resumed["previous_revision"] == ended["position"]["revision"]
        if "progress" in resumed:  # it was back before the update
            resumed = await message()
        changes = resumed["changes"]["changes"]
        assert "ada" in [change["user"]["user_id"] for change in changes]
        watching.send_signal(signal.SIGINT)
        rest, err = await asyncio.wait_for(watching.communicate(), 20)
    finally:
        if watching.returncode is None:
            watching.kill()

    assert (watching.returncode, rest) == (ExitCode.INTERRUPTED, b"")
    lost, back = [json.loads(line)["notice"] for line in err.decode().splitlines()]
    assert lost == "reconnecting: the server is shutting down"
    assert back.startswith("reconnected after ")


async def test_the_live_table_survives_a_restart(service: ServiceProcess, command: Run) -> None:
    """The table shows that the server was killed, and later the changes of the outage."""
    command("update", "chess", "ada", "5")
    command("update", "chess", "bob", "3")

    with OnTerminal("watch", "chess", "--server", service.address) as terminal:

        async def shown(text: str) -> None:
            await asyncio.to_thread(
                terminal.read_until, lambda shown: text in "\n".join(plain_lines(shown))
            )

        await shown("chess, revision 2, 2 users, live")
        await service.kill()
        await shown("reconnecting for 0 s, the board may be behind: ")
        await service.start()
        command("update", "chess", "bob", "4", "--event-type", "win")
        await shown("1 bob 7 +4 ▲1\n2 ada 5 ▼1\n")
        await shown("chess, revision 3, 2 users, live\n")
        await shown("last: 1. bob 7 (+4 ▲1) win")
        terminal.press_ctrl_c()
        code, all_shown = await asyncio.to_thread(terminal.read_to_end)

    assert code == ExitCode.INTERRUPTED
    assert "board reloaded" not in all_shown

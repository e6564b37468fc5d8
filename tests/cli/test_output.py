"""The output of a command arrives in full, in every encoding, or the command reports an error."""

import json
import os
import subprocess

import pytest

from cli.command import COMMAND, run_in_pipe
from cli.fake_service import FakeService
from cli.watch_messages import BOB_WINS, FIRST
from leaderboard.v1 import leaderboard_pb2 as pb
from leaderboard_cli.failures import ExitCode

ADA = pb.RankedUser(user_id="ada", score=5, rank=1, display_name="Ádá")
LOCALES = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONUTF8": "0", "LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0"},
]


@pytest.fixture(name="board")
def _board(fake: FakeService) -> FakeService:
    """Start a service with a name that is not ASCII."""
    fake.top = pb.GetTopUsersResponse(users=[ADA], total_users=1)
    fake.display_name = ADA.display_name
    fake.rank = pb.GetUserRankResponse(user=ADA, total_users=1)
    return fake


def with_stdout(stdout: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a stdout of its own."""
    return subprocess.run(
        [COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
        timeout=30,
    )


def run_without_reader(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with its output in a pipe whose reader closed it."""
    reads, writes = os.pipe()
    os.close(reads)
    try:
        return with_stdout(writes, *arguments)
    finally:
        os.close(writes)


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize("environment", LOCALES)
def test_no_character_fails(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """Characters that the encoding lacks are escaped, and the exit code is OK."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    outcomes = [
        run_in_pipe("top", "c"),
        run_in_pipe("rank", "c", "ada"),
        run_in_pipe("update", "c", "ada", "1"),
    ]

    assert [(each.code, each.err) for each in outcomes] == [(ExitCode.OK, "")] * 3
    assert all(r"\xc1d\xe1" in each.out for each in outcomes)


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize("environment", LOCALES)
def test_json_stays_json(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    """With --json characters that the encoding lacks are escaped as in JSON."""
    plain = run_in_pipe("top", "c", "--json", PYTHONIOENCODING="utf-8").out
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    escaped = run_in_pipe("top", "c", "--json").out

    assert json.loads(escaped) == json.loads(plain)
    assert "Ádá" in plain
    assert escaped.isascii()


def test_a_closed_output_is_not_an_error(board: FakeService) -> None:
    """With stdout closed, and stderr too, a command works and exits as usual."""
    line = f"{COMMAND} top c --json >&- && {COMMAND} rank c ada >&- 2>&-"

    done = subprocess.run(["sh", "-c", line], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
    assert len(board.asked) == 2


def test_a_full_disk_is_an_error(board: FakeService) -> None:
    """Output that can't be written is an error, which says that an update counted nonetheless."""
    with open("/dev/full", "wb") as full:  # noqa: PTH123 (no path to join)
        read = with_stdout(full.fileno(), "top", "c")
        updated = with_stdout(full.fileno(), "update", "c", "ada", "1")

    why = "the output can't be written: No space left on device\n"
    assert (read.returncode, read.stderr) == (ExitCode.UNEXPECTED, f"error: {why}")
    assert updated.returncode == ExitCode.UNEXPECTED
    assert updated.stderr == f"error: the update counted, but {why}"
    assert len(board.received) == 1


@pytest.mark.usefixtures("board")
@pytest.mark.parametrize(
    "arguments",
    [
        ["top", "c"],
        ["top", "c", "--json"],
        ["doctor"],
        ["load", "--rate", "20", "--duration", "0.1"],
        ["top", "--help"],
        ["--help"],
        ["--version"],
    ],
)
def test_a_closed_pipe_ends_a_command(arguments: list[str]) -> None:
    """A command whose reader closed the pipe ends silently, as other tools do."""
    done = run_without_reader(*arguments)

    assert (done.returncode, done.stderr) == (ExitCode.PIPE_CLOSED, "")


def test_a_closed_pipe_ends_a_watch(fake: FakeService) -> None:
    """A watch ends when its reader closes the pipe."""
    fake.stream = [FIRST, BOB_WINS]
    fake.held.clear()

    assert run_without_reader("watch", "chess").returncode == ExitCode.PIPE_CLOSED
    assert run_without_reader("watch", "chess", "--json").returncode == ExitCode.PIPE_CLOSED


def test_an_update_into_a_closed_pipe_counted(fake: FakeService) -> None:
    """The exit code looks like a failure, but a line says that the update counted."""
    done = run_without_reader("update", "c", "ada", "1")

    assert done.returncode == ExitCode.PIPE_CLOSED
    assert done.stderr == "error: the update counted, but nobody reads the output any more\n"
    assert fake.scores == {("c", "ada"): 1}


@pytest.mark.usefixtures("board")
def test_a_full_non_blocking_pipe_is_waited_for() -> None:
    """All output reaches a slow reader, without an error."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    filled = 0
    try:
        while True:
            filled += os.write(writes, bytes(4096))
    except BlockingIOError:
        pass
    with subprocess.Popen([COMMAND, "top", "c"], stdout=writes, stderr=subprocess.PIPE) as command:
        os.close(writes)
        with pytest.raises(subprocess.TimeoutExpired):
            command.wait(2.0)  # it waits for the reader
        with os.fdopen(reads, "rb") as pipe:
            read = pipe.read()
        assert command.stderr
        assert command.stderr.read() == b""

    assert command.returncode == ExitCode.OK
    assert "Ádá" in read[filled:].decode()

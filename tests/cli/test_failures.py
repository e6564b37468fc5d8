"""Every failure is one line on stderr and a documented exit code."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status

from cli.command import OnTerminal, plain_lines, run_in_pipe
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.refusals import STORE_AWAY, refusal
from leaderboard_cli.failures import ExitCode


@pytest.mark.parametrize(
    ("code", "reason", "exit_code"),
    [
        (code_pb2.INVALID_ARGUMENT, "ERROR_REASON_INVALID_FIELD", 2),
        (code_pb2.OUT_OF_RANGE, "ERROR_REASON_SCORE_OUT_OF_RANGE", 2),
        (code_pb2.NOT_FOUND, "ERROR_REASON_USER_NOT_FOUND", 3),
        (code_pb2.ALREADY_EXISTS, "ERROR_REASON_REQUEST_ID_REUSED", 4),
        (code_pb2.FAILED_PRECONDITION, "ERROR_REASON_POSITION_UNREACHABLE", 4),
        (code_pb2.RESOURCE_EXHAUSTED, "ERROR_REASON_MESSAGE_TOO_LARGE", 4),
        (code_pb2.INTERNAL, "ERROR_REASON_INTERNAL", 1),
    ],
)
def test_a_rejection_has_its_exit_code(
    fake: FakeService, run: Run, code: int, reason: str, exit_code: int
) -> None:
    """The text of the service is one line, and the exit code follows from the status."""
    fake.refusals.append(refusal(code, "so it\nis not", reason))

    outcome = run("rank", "chess", "ada")

    assert (exit_code, "", "error: so it is not\n") == outcome
    assert len(fake.asked) == 1


def test_malformed_fields_are_named(fake: FakeService, run: Run) -> None:
    """The line names the fields that are malformed."""
    fake.refusals.append(
        refusal(
            code_pb2.INVALID_ARGUMENT,
            "invalid",
            "ERROR_REASON_INVALID_FIELD",
            violation="contest_id: must match [a-z]",
        )
    )

    assert run("top", "ch ess").err == "error: contest_id: must match [a-z]\n"


@pytest.mark.parametrize("command", [["top", "c"], ["rank", "c", "u"], ["update", "c", "u", "1"]])
def test_calls_are_retried_while_unavailable(
    fake: FakeService, run: Run, command: list[str]
) -> None:
    """Reads, and writes with a request id, are repeated while the service is unavailable."""
    fake.refusals.append(STORE_AWAY)

    outcome = run(*command)

    assert (outcome.code, outcome.err) == (ExitCode.OK, "")


def test_a_repeated_update_has_one_request_id(fake: FakeService, run: Run) -> None:
    """All attempts of one run carry the same request id, those of another run a different one."""
    fake.refusals.extend([STORE_AWAY] * 2)

    run("update", "c", "u", "1")
    run("update", "c", "u", "1")

    *first, second = [update.request_id for update in fake.received]
    assert len(first) == 3
    assert len(set(first)) == 1
    assert second not in first


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.parametrize(
    ("rejected", "exit_code", "why"),
    [
        (STORE_AWAY, 5, "the store is away"),
        (
            refusal(code_pb2.RESOURCE_EXHAUSTED, "full", "ERROR_REASON_OVERLOADED", retry_after=0),
            4,
            "full",
        ),
        (refusal(code_pb2.UNKNOWN, "Stream removed"), 5, "UNKNOWN from {server}: Stream removed"),
        (refusal(code_pb2.CANCELLED, "gone"), 5, "CANCELLED from {server}: gone"),
    ],
)
def test_an_unanswered_update_says_how_to_repeat_it(
    fake: FakeService, run: Run, rejected: Status, exit_code: int, why: str
) -> None:
    """An update without a final answer is retried and may have counted: its id is printed."""
    fake.refusals.extend([rejected] * 2)

    outcome = run("update", "c", "u", "1")

    assert outcome.code == exit_code
    first, second = fake.received
    assert first.request_id == second.request_id
    assert outcome.err == (
        f"error: {why.format(server=fake.address)}; the update may have counted; "
        f"repeat it with --request-id {first.request_id} to be sure\n"
    )


@pytest.mark.usefixtures("two_attempts")
@pytest.mark.parametrize(
    ("rejected", "why"),
    [
        (STORE_AWAY, "the store is away"),
        (refusal(code_pb2.CANCELLED, "gone"), "gone"),
        (refusal(code_pb2.UNKNOWN, "Stream removed"), "Stream removed"),
    ],
)
def test_a_deadline_names_the_rejection_before_it(
    fake: FakeService, run: Run, rejected: Status, why: str
) -> None:
    """An update whose last attempt met the deadline has the reason of the attempt before it."""
    fake.refusals.extend([rejected, refusal(code_pb2.DEADLINE_EXCEEDED, "Deadline Exceeded")])

    outcome = run("update", "c", "u", "1", "--request-id", "r-1", "--timeout", "30")

    assert outcome == (
        ExitCode.UNAVAILABLE,
        "",
        (
            f"error: no answer from {fake.address} within 30 s; before that: {why}; "
            "the update may have counted; repeat it with --request-id r-1 to be sure\n"
        ),
    )


def test_a_final_rejection_did_not_count(fake: FakeService, run: Run) -> None:
    """An update that the service rejects for good is not retried, and did not count."""
    fake.refusals.append(
        refusal(code_pb2.OUT_OF_RANGE, "too much", "ERROR_REASON_SCORE_OUT_OF_RANGE")
    )

    assert run("update", "c", "u", "1") == (ExitCode.INVALID, "", "error: too much\n")
    assert len(fake.received) == 1


def test_an_internal_error_may_come_after_the_write(fake: FakeService, run: Run) -> None:
    """After an internal error of the service no retry follows, and the update may have counted."""
    fake.refusals.append(refusal(code_pb2.INTERNAL, "lost", "ERROR_REASON_INTERNAL"))

    outcome = run("update", "c", "u", "1", "--request-id", "r-1")

    assert outcome.code == ExitCode.UNEXPECTED
    assert outcome.err.startswith("error: lost; the update may have counted; repeat it with ")
    assert len(fake.received) == 1


def test_ctrl_c_says_how_to_repeat_an_update() -> None:
    """An update that is interrupted may have counted too."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        with OnTerminal("update", "c", "u", "1", "--request-id", "r-1", "--server", server) as run:
            taken, _ = silent.accept()
            with taken:
                run.press_ctrl_c()
                code, shown = run.read_to_end()

    assert code == ExitCode.INTERRUPTED
    assert "interrupted; the update may have counted; repeat it with --request-id r-1" in shown


@pytest.mark.usefixtures("two_attempts")
def test_no_server_listens(run: Run) -> None:
    """The line for a server that can't be reached has its address and the system's reason."""
    outcome = run("top", "chess", "--server", "127.0.0.1:1")

    assert outcome == (
        ExitCode.UNAVAILABLE,
        "",
        "error: can't reach a leaderboard server at 127.0.0.1:1: Connection refused\n",
    )


def test_a_long_wait_is_shown() -> None:
    """On a terminal a command shows after a while what it waits for, and removes that later."""
    asked = ("top", "chess", "--server", "127.0.0.1:1", "--timeout", "2")
    with OnTerminal(*asked) as terminal:
        terminal.read_until(lambda shown: "waiting for 127.0.0.1:1" in shown)
        code, shown = terminal.read_to_end()

    assert code == ExitCode.UNAVAILABLE
    assert plain_lines(shown)[-1].startswith("error: ")
    assert plain_lines(shown)[-1].endswith(": Connection refused")


def test_a_killed_wait_leaves_the_cursor() -> None:
    """The terminal's cursor is visible also after a signal that leaves no time to clean up."""
    asked = ("top", "chess", "--server", "127.0.0.1:1")
    with OnTerminal(*asked) as terminal:
        terminal.read_until(lambda shown: shown.rfind("\x1b[?25h") > shown.find("\x1b[?25l") >= 0)
        terminal.send(signal.SIGKILL)
        _, shown = terminal.read_to_end()

    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


def test_a_deadline_is_kept(fake: FakeService, run: Run) -> None:
    """A call that is not answered in time ends with its own message."""
    fake.held.clear()

    outcome = run("watch", "chess", "--timeout", "0.2")

    assert outcome == (
        ExitCode.UNAVAILABLE,
        "",
        f"error: no watch at {fake.address}: no message for 0.2 s\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["top"],
        ["top", "chess", "--limit", "0"],
        ["top", "chess", "--limit", "1001"],
        ["top", "chess", "--server", "nowhere"],
        ["top", "chess", "--server", "host:0"],
        ["top", "chess", "--server", "host:65536"],
        ["doctor", "--server", "a..b:1"],
        ["top", "chess", "--timeout", "0"],
        ["top", "chess", "--timeout", "nan"],
        ["top", "chess", "--timeout", "inf"],
        ["top", "chess", "--timeout", "1e10"],
        ["rank", "chess", "ada", "--neighbors", "101"],
        ["update", "chess", "ada", "many"],
        ["update", "chess", "ada", "9007199254740993"],
        ["update", "chess", "ada", "1", "--event-time", "noon"],
        ["update", "chess", "ada", "1", "--mode", "double"],
        ["update", "chess", "ada", "1", "--unknown"],
        ["watch", "chess", "--scope", "none"],
        ["load", "--rate", "0"],
        ["load", "--rate", "nan"],
        ["load", "--kind", "everything"],
        ["load", "--contest", "no contest"],
        ["doctor", "chess"],
        ["import", "no-such-file.csv"],
        ["no-such-command"],
    ],
)
def test_wrong_usage_is_reported(run: Run, arguments: list[str]) -> None:
    """An invalid command line ends with 2 before anything is sent."""
    outcome = run(*arguments)

    assert outcome.code == ExitCode.INVALID
    assert outcome.out == ""
    assert outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    "command", [["top"], ["rank", "c"], ["watch"], ["update", "c", "u", "1", "--display-name"]]
)
def test_arguments_that_are_not_utf8_are_rejected(run: Run, command: list[str]) -> None:
    """Bytes of the command line that are not UTF-8 are wrong usage, not a crash."""
    assert run(*command, "\udcff") == (ExitCode.INVALID, "", "error: an argument is not UTF-8\n")


def test_an_unexpected_error_is_a_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error is a line with its type, not a traceback."""

    def fail(*_: object) -> None:
        raise LookupError("lost")

    monkeypatch.setattr("leaderboard_cli.top.Connection", fail)

    outcome = run("top", "c")
    monkeypatch.setenv("LEADERBOARD_DEBUG", "1")
    examined = run("top", "c")

    hint = "run it with LEADERBOARD_DEBUG=1 in the environment to see the traceback"
    assert outcome == (ExitCode.UNEXPECTED, "", f"error: unexpected LookupError: lost; {hint}\n")
    assert "Traceback" in examined.err
    assert examined.err.endswith("error: unexpected LookupError: lost\n")


def test_only_the_full_screen_needs_a_unix_terminal() -> None:
    """Where Python has no `termios`, as on Windows, the other commands work."""
    without = (
        "import sys; sys.modules['termios'] = None\n"
        "from leaderboard_cli import main; main(sys.argv[1:])"
    )
    asked = ("top", "c", "--server", "127.0.0.1:1", "--timeout", "0.1")

    done = subprocess.run([sys.executable, "-c", without, *asked], capture_output=True, check=False)

    assert done.returncode == ExitCode.UNAVAILABLE, done.stderr


_COMMANDS = ("update", "top", "rank", "watch", "import", "doctor", "load", "serve")


def test_help_and_readme_have_all_exit_codes() -> None:
    """`leaderboard --help` and README have each exit code with its meaning; help each command."""
    outcome = run_in_pipe("--help")
    readme = Path(__file__).parents[2].joinpath("clients", "cli", "README.md").read_text()
    shown = " ".join(outcome.out.split())

    assert outcome.code == ExitCode.OK
    for code in ExitCode:
        assert f"{code.value} {code.meaning}" in shown
        assert f"| {code.value} | {code.meaning} |" in readme.replace("`", "")
    for command in _COMMANDS:
        assert f" {command} " in shown


@pytest.mark.usefixtures("two_attempts")
def test_a_full_store_is_explained(fake: FakeService, run: Run) -> None:
    """The error of a full store says what to do, and its exit code is that of a reached limit."""
    full = refusal(
        code_pb2.RESOURCE_EXHAUSTED, "the store is full", "ERROR_REASON_STORE_FULL", retry_after=5.0
    )
    fake.refusals.extend([full] * 2)

    outcome = run("update", "chess", "ada", "5")

    assert outcome.code == ExitCode.REJECTED
    assert outcome.err.startswith(
        "error: the store is full; make room in the store or raise its maxmemory, reads still work;"
    )

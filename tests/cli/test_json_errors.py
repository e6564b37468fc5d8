"""Errors of a command with `--json` are one JSON object, a line on stderr; stdout has no error."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.rpc import code_pb2

from cli.command import Outcome
from cli.conftest import Run
from cli.fake_service import FakeService
from cli.refusals import refusal
from cli.watch_messages import BOB_WINS, DRAINING, FIRST, OVER
from leaderboard_cli.failures import ExitCode

NOBODY = ("--server", "127.0.0.1:1", "--timeout", "0.3")


def error_of(outcome: Outcome) -> dict[str, Any]:
    """Return the error on stderr, which has to be all that was printed."""
    assert outcome.out == ""
    [line] = outcome.err.splitlines()
    record: dict[str, Any] = json.loads(line)
    assert list(record) == ["error"]
    assert record["error"]["exit_code"] == outcome.code
    error: dict[str, Any] = record["error"]
    return error


def test_a_rejection_has_all_that_the_service_said(fake: FakeService, run: Run) -> None:
    """The record has the text, the exit code, and the status with its details."""
    fake.refusals.append(
        refusal(
            code_pb2.INVALID_ARGUMENT,
            "bad",
            "ERROR_REASON_INVALID_FIELD",
            violation="user_id: must not be so",
        )
    )

    error = error_of(run("rank", "chess", "ada", "--json"))

    assert error == {
        "message": "user_id: must not be so",
        "exit_code": ExitCode.INVALID,
        "code": "INVALID_ARGUMENT",
        "reason": "ERROR_REASON_INVALID_FIELD",
        "metadata": {},
        "violations": [{"field": "user_id", "description": "must not be so"}],
        "retryable": False,
        "retry_after": None,
    }


@pytest.mark.parametrize(
    "command",
    [
        ["update", "chess", "ada", "5"],
        ["top", "chess"],
        ["rank", "chess", "ada"],
        ["watch", "chess"],
        ["load", "--duration", "0.1"],
    ],
    ids=lambda command: command[0],
)
def test_no_server(run: Run, command: list[str]) -> None:
    """A server that can't be reached is an error of every command that needs one."""
    error = error_of(run(*command, "--json", *NOBODY))

    assert error["exit_code"] == ExitCode.UNAVAILABLE
    assert "127.0.0.1:1" in error["message"]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["top", "--json"], "CONTEST"),
        (["top", "chess", "--json", "--no-such-option"], "--no-such-option"),
        (["top", "chess", "--limit", "many", "--json"], "--limit"),
        (["top", "chess", "--json", "--server", "nowhere"], "'nowhere' is not HOST:PORT"),
        (["topp", "--json"], "topp"),
        (["update", "chess", "ada", "five", "--json"], "points"),
        (["import", "events.txt", "--json"], "events.txt"),
        (["load", "--server", "board.example:1", "--json"], "--yes"),
    ],
)
def test_wrong_usage(run: Run, arguments: list[str], problem: str) -> None:
    """Wrong usage is a JSON error too, without the text about usage."""
    error = error_of(run(*arguments))

    assert error["exit_code"] == ExitCode.INVALID
    assert problem in error["message"]


def test_an_unexpected_error(fake: FakeService, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect of the command is a JSON error."""
    del fake
    monkeypatch.setattr("leaderboard_cli.top.print_message", lambda _: 1 // 0)

    error = error_of(run("top", "chess", "--json"))

    assert error["message"].startswith("unexpected ZeroDivisionError")


def test_an_import_that_stops(fake: FakeService, run: Run, tmp_path: Path) -> None:
    """The counts are on stdout, the error on stderr, and bad lines are in the counts alone."""
    file = tmp_path / "events.csv"
    file.write_text("contest_id,user_id,points\nchess,ada,1\nbad\n")

    outcome = run("import", str(file), "--json")

    counts, error = json.loads(outcome.out), json.loads(outcome.err)["error"]
    assert (counts["counted"], counts["bad_lines"][0]["line"]) == (1, 3)
    assert error["exit_code"] == outcome.code == ExitCode.BAD_LINES
    assert len(fake.received) == 1


def test_notices_are_json(fake: FakeService, run: Run) -> None:
    """What `watch` says of its connection are JSON objects on stderr, and no errors."""
    fake.streams.append([FIRST, DRAINING])
    fake.stream = [BOB_WINS, OVER]

    outcome = run("watch", "chess", "--json")

    notices = [json.loads(line)["notice"] for line in outcome.err.splitlines()]
    assert notices[0] == "reconnecting: the server is shutting down"
    assert notices[1].startswith("reconnected after ")
    assert notices[2:] == ["chess is over"]
    assert len(outcome.out.splitlines()) == 4


def test_a_user_called_json_is_no_option(run: Run) -> None:
    """After `--` there are no options, so errors are for people."""
    outcome = run("rank", *NOBODY, "--", "chess", "--json")

    assert outcome.err.startswith("error: ")


@pytest.mark.parametrize("command", ["--help", "top --help --json"])
def test_help_is_help(run: Run, command: str) -> None:
    """Help is for people, and no error."""
    outcome = run(*command.split())

    assert (outcome.code, outcome.err) == (ExitCode.OK, "")
    assert "Usage" in outcome.out

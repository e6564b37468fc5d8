"""`--help` of each command ends with examples, which the command accepts."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from cli.conftest import Run
from leaderboard_cli.app import app
from leaderboard_cli.failures import ExitCode

COMMANDS = (
    *("update", "top", "rank", "friends", "whatif", "watch", "import", "doctor", "load", "serve"),
    *("contest create", "contest show", "contest list", "contest set"),
    *("contest reset", "contest close", "contest reopen", "contest delete", "season list"),
    *("user remove", "user hide", "user unhide", "user hidden", "user erase", "user export"),
)


def _command(name: str) -> typer.core.TyperCommand:
    """Return a command, which may be one of a group."""
    command = typer.main.get_command(app)
    for word in name.split():
        assert isinstance(command, typer.core.TyperGroup)
        found = command.get_command(command.make_context("leaderboard", ["top"]), word)
        assert found is not None
        command = found
    assert isinstance(command, typer.core.TyperCommand)
    return command


EXAMPLES = [
    (name, line)
    for name in COMMANDS
    for line in re.findall(r"^- `(.*)`:", _command(name).epilog or "", re.MULTILINE)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_examples(run: Run, command: str) -> None:
    """The help says what the command does, its options and how it is used."""
    outcome = run(*command.split(), "--help")

    assert outcome.code == ExitCode.OK
    assert f"leaderboard {command} " in outcome.out.split("Examples:")[1]
    assert "--tls" in outcome.out


def test_a_group_lists_its_commands(run: Run) -> None:
    """The help of a group names its commands, and has examples too."""
    outcome = run("contest", "--help")

    assert outcome.code == ExitCode.OK
    assert all(f" {name} " in outcome.out for name in ("create", "show", "list", "set"))
    assert "leaderboard contest create " in outcome.out.split("Examples:")[1]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_example_is_accepted(
    name: str, example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command accepts each line of its help's examples."""
    monkeypatch.chdir(tmp_path)
    for file in ("goals.csv", "final.csv", "ca.pem"):
        (tmp_path / file).touch()
    words = shlex.split(example)
    arguments = words[words.index("leaderboard") + 1 + len(name.split()) :]
    arguments = arguments[: next((at for at, word in enumerate(arguments) if word in "|>"), None)]

    with _command(name).make_context(name, arguments) as context:
        assert context.params

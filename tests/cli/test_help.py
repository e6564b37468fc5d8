"""`--help` of each command ends with examples, which the command accepts."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from cli.conftest import Run
from leaderboard_cli.app import app
from leaderboard_cli.failures import ExitCode

COMMANDS = ("update", "top", "rank", "watch", "import", "doctor", "load", "serve")


def _command(name: str) -> typer.core.TyperCommand:
    commands = typer.main.get_command(app)
    assert isinstance(commands, typer.core.TyperGroup)
    command = commands.get_command(commands.make_context("leaderboard", ["top"]), name)
    assert isinstance(command, typer.core.TyperCommand)
    return command


EXAMPLES = [
    line
    for name in COMMANDS
    for line in re.findall(r"^- `(.*)`:", _command(name).epilog or "", re.MULTILINE)
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_examples(run: Run, command: str) -> None:
    """The help says what the command does, its options and how it is used."""
    outcome = run(command, "--help")

    assert outcome.code == ExitCode.OK
    assert f"leaderboard {command} " in outcome.out.split("Examples:")[1]
    assert "--tls" in outcome.out


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_accepted(
    example: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command accepts each line of its help's examples."""
    monkeypatch.chdir(tmp_path)
    for file in ("goals.csv", "ca.pem"):
        (tmp_path / file).touch()
    words = shlex.split(example)
    _, name, *arguments = words[words.index("leaderboard") :]
    arguments = arguments[: next((at for at, word in enumerate(arguments) if word in "|>"), None)]

    with _command(name).make_context(name, arguments) as context:
        assert context.params

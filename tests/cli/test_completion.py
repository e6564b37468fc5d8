"""Shells complete the commands and their options."""

import os
import subprocess
from pathlib import Path

import pytest

from cli.command import COMMAND
from cli.conftest import Run

_IN_BASH = """
source "$HOME/.bashrc"
COMP_WORDS=(leaderboard {words}) COMP_CWORD={place}
_leaderboard_completion leaderboard
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def test_bash_completes_once_it_is_installed(tmp_path: Path) -> None:
    """`--install-completion` makes a new bash complete commands, options and choices."""
    environment = os.environ | {"HOME": str(tmp_path), "PATH": _path()}

    def in_bash(script: str) -> str:
        done = subprocess.run(
            ["bash", "--norc", "-c", script], env=environment, capture_output=True, check=True
        )
        return done.stdout.decode()

    # The second command keeps bash running: the parent process decides which shell it is.
    assert "bash completion installed" in in_bash("leaderboard --install-completion; true")
    completed = [
        in_bash(_IN_BASH.format(words=words, place=len(words.split()))).split()
        for words in (
            *("wa", "watch chess --scope a", "contest cr", "contest set c --unset max-p"),
            *("user unh", "contest list --state cl", "contest create c --reset mo", "season l"),
        )
    ]

    assert completed == [
        ["watch"],
        ["all"],
        ["create"],
        ["max-points"],
        ["unhide"],
        ["closed"],
        ["monthly"],
        ["list"],
    ]


@pytest.mark.parametrize(
    ("shell", "variables"),
    [
        ("zsh", {"_TYPER_COMPLETE_ARGS": "leaderboard wa"}),
        (
            "fish",
            {
                "_TYPER_COMPLETE_ARGS": "leaderboard wa",
                "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            },
        ),
    ],
)
def test_other_shells_complete(
    run: Run, monkeypatch: pytest.MonkeyPatch, shell: str, variables: dict[str, str]
) -> None:
    """The completion scripts of zsh and fish get each command with its description."""
    for name, value in {"_LEADERBOARD_COMPLETE": f"complete_{shell}", **variables}.items():
        monkeypatch.setenv(name, value)

    outcome = run()

    assert (outcome.code, outcome.err) == (0, "")
    assert "watch" in outcome.out
    assert "Watch a contest" in outcome.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_is_shown(run: Run, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    """`--show-completion` prints the script for each shell."""
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")

    outcome = run("--show-completion", shell)

    assert outcome.code == 0
    assert f"complete_{shell}" in outcome.out


def _path() -> str:
    return os.pathsep.join([str(Path(COMMAND).parent), os.environ["PATH"]])

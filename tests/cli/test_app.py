"""Other packages add commands, which are loaded when they are used and may be absent."""

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from cli.command import run_in_pipe
from cli.conftest import Run
from cli.fake_service import FakeService
from leaderboard_cli.failures import ExitCode

TOP_AND_LOADED = """
import sys
from leaderboard_cli import main
try:
    main(["top", "chess"])
except SystemExit as ended:
    sys.exit(ended.code or "leaderboard_server" in sys.modules)
"""


def test_serve_comes_from_the_server() -> None:
    """`serve` is there with the server's own options, once the server is installed."""
    outcome = run_in_pipe("serve", "--help")

    assert outcome.code == ExitCode.OK
    assert "--address" in outcome.out


def test_other_commands_do_not_load_the_server(fake: FakeService) -> None:
    """A command of the client runs without the server's code."""
    del fake

    done = subprocess.run([sys.executable, "-c", TOP_AND_LOADED], check=False)

    assert done.returncode == ExitCode.OK


def test_without_the_server_there_is_no_serve(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the server is not installed, `serve` is an unknown command."""
    monkeypatch.setattr("leaderboard_cli.app.entry_points", lambda **_: EntryPoints())

    assert " serve " not in run("--help").out
    assert run("serve").code == ExitCode.INVALID


def test_the_first_of_two_commands_of_one_name_is_used(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two packages that add a command of one name, the first entry point is used."""
    added = EntryPoints(
        EntryPoint("twice", f"leaderboard_cli.{name}:{name}", "leaderboard.commands")
        for name in ("top", "rank")
    )
    monkeypatch.setattr("leaderboard_cli.app.entry_points", lambda **_: added)

    assert "--start-rank" in run("twice", "--help").out


def test_a_typo_gets_a_suggestion(run: Run) -> None:
    """The error for a misspelled command names the command that was meant."""
    outcome = run("updat")

    assert outcome.code == ExitCode.INVALID
    assert "Did you mean 'update'?" in outcome.err
